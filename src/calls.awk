# SPDX-License-Identifier: ISC
#
# Reads headers and writes the name of each public call in them: each
# declaration that begins with LEAT_API or LEAT_INLINE.

{
    code = uncommented($0)
    if (directive || code ~ /^[ \t]*#/) {
        directive = code ~ /\\[ \t]*$/
        next
    }
    if (code ~ /^[ \t]*LEAT_(BEGIN|END)_DECLS[ \t]*$/)
        next
    text = text " " code
    while (match(text, /[;{}]/)) {
        declared(substr(text, 1, RSTART - 1))
        text = substr(text, RSTART + 1)
    }
}

# A comment may begin and end anywhere; none of ours lies within a string.
function uncommented(line,    at, code)
{
    code = ""
    while (line != "") {
        at = index(line, comment ? "*/" : "/*")
        if (!comment)
            code = code (at ? substr(line, 1, at - 1) : line)
        if (!at)
            break
        line = substr(line, at + 2)
        comment = !comment
    }
    return code
}

function declared(s)
{
    if (s !~ /^[ \t]*LEAT_(API|INLINE)[ \t]/)
        return
    if (match(s, /leat_[a-z0-9_]+[ \t]*\(/)) {
        s = substr(s, RSTART, RLENGTH - 1)
        sub(/[ \t]+$/, "", s)
        if (!(s in seen))
            print s
        seen[s] = 1
    }
}

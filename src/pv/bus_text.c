/* SPDX-License-Identifier: ISC */

/* Numbers, paths and texts of the bus. */

#include "bus.h"

bool leat_bus_number(const char *text, size_t len, uint64_t max, uint64_t *out)
{
    uint64_t x = 0, digit;
    size_t i;

    if (!len || len > 20 || (len > 1 && text[0] == '0'))
        return false;
    for (i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        digit = (uint64_t)(text[i] - '0');
        if (x > (UINT64_MAX - digit) / 10)
            return false;
        x = x * 10 + digit;
    }
    if (x > max)
        return false;
    *out = x;
    return true;
}

size_t leat_bus_digits(char out[21], uint64_t x)
{
    char digits[20];
    size_t n = 0, i;

    do
        digits[n++] = (char)('0' + x % 10);
    while (x /= 10);
    for (i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    out[n] = '\0';
    return n;
}

/* Of (s), at most (max) bytes. */
static size_t length(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n])
        n++;
    return n;
}

int leat_bus_join(char *out, size_t size, const char *a, const char *b)
{
    size_t la = length(a, size), lb = length(b, size);

    if (!lb || b[0] == '/')
        return LEAT_E_INVALID;
    if (la + lb + 2 > size)
        return LEAT_E_LENGTH;
    memmove(out, a, la);
    out[la] = '/';
    memcpy(out + la + 1, b, lb);
    out[la + 1 + lb] = '\0';
    return 0;
}

size_t leat_bus_add(struct leat_bus_end *e, size_t at, const char *s)
{
    while (*s && at + 1 < LEAT_BUS_TEXT)
        e->text[at++] = *s++;
    e->text[at] = '\0';
    return at;
}

size_t leat_bus_lie(struct leat_bus_end *e)
{
    size_t at, len = length(e->watch.path, LEAT_BUS_PATH_MAX);

    if (e->error)
        return 0;
    e->error = LEAT_E_PROTO;
    at = leat_bus_add(e, 0, "bus ");
    /* The end of a long path tells more than its beginning. */
    at = leat_bus_add(e, at, e->watch.path + (len > 96 ? len - 96 : 0));
    return leat_bus_add(e, at, ": ");
}

const char *leat_bus_state_name(enum leat_bus_state state)
{
    switch (state) {
    case LEAT_BUS_UNKNOWN:
        return "Unknown";
    case LEAT_BUS_INITIALISING:
        return "Initialising";
    case LEAT_BUS_INIT_WAIT:
        return "InitWait";
    case LEAT_BUS_INITIALISED:
        return "Initialised";
    case LEAT_BUS_CONNECTED:
        return "Connected";
    case LEAT_BUS_CLOSING:
        return "Closing";
    case LEAT_BUS_CLOSED:
        return "Closed";
    case LEAT_BUS_RECONFIGURING:
        return "Reconfiguring";
    case LEAT_BUS_RECONFIGURED:
        return "Reconfigured";
    default:
        return "?";
    }
}

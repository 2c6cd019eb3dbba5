/* SPDX-License-Identifier: ISC */

/*
 * dom0 holds pages of a guest for a minute after they were revoked: nothing waits
 * for it, nothing is given away, and the gauge of the age tells how long.
 *
 * Meanwhile xl saves the guest, of which a hook refuses the suspend: xl waits a
 * minute for it, too, cancels, and the guest has gone on all the time.
 */

#include <sys/wait.h>

#include "unikernel.h"

#define SECONDS 60

static pid_t save(const char *name)
{
    pid_t pid = fork();

    MUST(pid >= 0);
    if (!pid) {
        MUST(freopen("/tmp/xl.hold", "w", stdout));
        dup2(1, 2);
        execlp("xl", "xl", "save", name, "/tmp/hold", NULL);
        _exit(127);
    }
    return pid;
}

/* xl has failed, for the reason that there is; the guest is what it was. */
static void refused(pid_t xl, uint64_t start)
{
    char path[100], text[100] = "?";
    int status = 0;

    OK(COMES(waitpid(xl, &status, WNOHANG) == xl, 60000),
       "xl save ends, after %ju s",
       (uintmax_t)((now_ns() - start) / 1000000000));
    OK(WIFEXITED(status) && WEXITSTATUS(status) == 1, "and has failed");
    OK(!system("grep -q 'acknowledge suspend' /tmp/xl.hold"),
       "for the guest did not suspend");
    (void)!system("sed 's/^/# /' /tmp/xl.hold");
    snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", p.domain);
    OK(!STORE(p.store, read, 0, path, text, sizeof(text), NULL) && !*text,
       "the wish is withdrawn: '%s'", text);
    MUST(!peer_call(&p, PEER_LIFE, 0));
    OK(p.box->out[1] == 1 && p.box->out[2] == 0 && p.box->out[0] == 0,
       "one suspend was refused, none begun");
}

int main(void)
{
    const char *name = getenv("LEAT_XEN_NAME");
    uint64_t start, turns = 0, bad = 0, age = 0;
    pid_t xl;

    MUST(name);
    unikernel_open();
    MUST(!peer_call(&p, PEER_REFUSE, 1));
    unikernel_share(0, 2, LEAT_READ_WRITE);
    MUST(!map(p.map, &w, grefs, 2, LEAT_READ_WRITE));
    fill(w.base, 2, 61);
    GIVES(peer_call(&p, PEER_REVOKE, 0), LEAT_E_BUSY, "two pages, held");
    start = now_ns();
    xl = save(name);
    while (now_ns() < start + SECONDS * (uint64_t)1000000000) {
        sleep_ms(1000);
        MUST(!peer_call(&p, PEER_POLL, 0));
        bad += p.box->out[0] || p.box->out[1] != 2 || p.box->out[3] <= age;
        age = p.box->out[3];
        bad += !filled(w.base, 2, 61);
        turns++;
    }
    OK(bad == 0, "held for %d s, %ju tries: kept, and unchanged", SECONDS,
       (uintmax_t)turns);
    OK(age > (SECONDS - 5) * (uint64_t)1000000000, "and %ju s old",
       (uintmax_t)(age / 1000000000));
    refused(xl, start);
    MUST(!unmap(p.map, &w));
    OK(COMES(!peer_call(&p, PEER_POLL, 0) && p.box->out[0] == 1, 5000),
       "then it drains");
    MUST(!peer_call(&p, PEER_AGAIN, 0));
    OK(p.box->out[0], "and serves again, zero");
    unikernel_share(1, 3, LEAT_READ_WRITE);
    table_agrees(3, 0, "and the guest shares");
    MUST(!peer_call(&p, PEER_REVOKE, 1));
    unikernel_close();
    return tap_end();
}

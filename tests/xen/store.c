/* SPDX-License-Identifier: ISC */

/* Xenstore, and event channels within one domain. */

#include "grants.h"

static void store(uint32_t own)
{
    static char big[2 * LEAT_STORE_VALUE_MAX];
    struct leat_xen_store *s, *t;
    char buf[64], path[64], token[16];
    size_t len = 0;
    uint32_t one, two;
    struct leat_store_perm set[] = {{own, 0}, {7, LEAT_STORE_READ}}, got[4];
    char names[16];
    size_t n = 0;

    MUST(!leat_xen_store_open(&s, NULL) && !leat_xen_store_open(&t, NULL));
    GIVES(STORE(s, write, 0, "data/x/a", "hello", 5), 0, "write");
    GIVES(STORE(t, read, 0, "data/x/a", buf, sizeof(buf), &len), 0, "read");
    OK(len == 5 && !strcmp(buf, "hello"), "is what was written");
    GIVES(STORE(t, read, 0, "data/x/a", buf, 5, &len), LEAT_E_RANGE,
          "no room for it");
    GIVES(STORE(t, read, 0, "data/x/b", buf, sizeof(buf), &len),
          LEAT_E_REFERENCE, "no such key");
    GIVES(STORE(t, read, 0, "data//x", buf, sizeof(buf), &len), LEAT_E_INVALID,
          "a malformed path");
    GIVES(STORE(s, write, 0, "data/x/a", big, sizeof(big)), LEAT_E_LENGTH,
          "too long a value");
    MUST(!STORE(s, write, 0, "data/x/b", "1", 1));
    GIVES(STORE(s, list, 0, "data/x", names, sizeof(names), &n), 0, "list");
    OK(n == 2 && !memcmp(names, "a\0b\0", 4), "of two");
    GIVES(STORE(s, list, 0, "data/x", names, 3, &n), LEAT_E_RANGE,
          "no room for them");
    GIVES(STORE(s, mkdir, 0, "data/x/d"), 0, "mkdir");
    GIVES(STORE(s, mkdir, 0, "data/x/d"), 0, "once more");
    MUST(!STORE(s, read, 0, "data/x/d", buf, sizeof(buf), &len));
    OK(len == 0, "it has no value");
    GIVES(STORE(s, set_perms, 0, "data/x/d", set, 2), 0, "permissions");
    GIVES(STORE(s, get_perms, 0, "data/x/d", got, 4, &n), 0, "are read");
    OK(n == 2 && !memcmp(set, got, sizeof(set)), "as they were set");
    GIVES(STORE(s, get_perms, 0, "data/x/d", got, 1, &n), LEAT_E_RANGE,
          "no room for them");
    GIVES(STORE(s, set_perms, 0, "data/x/d", set, 0), LEAT_E_INVALID,
          "none at all");
    GIVES(STORE(s, remove, 0, "data/x/d"), 0, "remove");
    GIVES(STORE(s, remove, 0, "data/x/d"), 0, "once more");

    GIVES(STORE(s, begin, &one), 0, "begin");
    MUST(!STORE(s, write, one, "data/x/a", "one", 3));
    MUST(!STORE(t, read, 0, "data/x/a", buf, sizeof(buf), NULL));
    OK(!strcmp(buf, "hello"), "others do not see it");
    GIVES(STORE(s, end, one, false), 0, "abort");
    GIVES(STORE(s, end, LEAT_STORE_NOW, true), LEAT_E_REFERENCE,
          "there is none to end");
    MUST(!STORE(s, begin, &one) && !STORE(t, begin, &two));
    MUST(!STORE(s, read, one, "data/x/a", buf, sizeof(buf), NULL));
    MUST(!STORE(t, read, two, "data/x/a", buf, sizeof(buf), NULL));
    MUST(!STORE(s, write, one, "data/x/a", "one", 3));
    MUST(!STORE(t, write, two, "data/x/a", "two", 3));
    GIVES(STORE(s, end, one, true), 0, "the first commits");
    GIVES(STORE(t, end, two, true), LEAT_E_AGAIN, "the second must begin anew");
    MUST(!STORE(t, read, 0, "data/x/a", buf, sizeof(buf), NULL));
    OK(!strcmp(buf, "one"), "it has changed nothing");

    GIVES(STORE(t, watch, "data/x", "tok"), 0, "watch");
    GIVES(STORE(t, watch, "data/x", "tok"), LEAT_E_BUSY, "twice");
    OK(COMES(STORE(t, event, path, 3, token, sizeof(token)) == LEAT_E_RANGE,
             2000),
       "no room for what fired");
    OK(COMES(!STORE(t, event, path, sizeof(path), token, sizeof(token)),
             2000) &&
           !strcmp(token, "tok"),
       "it fires once by itself");
    GIVES(STORE(t, event, path, sizeof(path), token, sizeof(token)),
          LEAT_E_AGAIN, "and no more");
    MUST(!STORE(s, write, 0, "data/x/c", "", 0));
    OK(COMES(!STORE(t, event, path, sizeof(path), token, sizeof(token)),
             2000) &&
           !strcmp(path, "data/x/c"),
       "a change fires: %s", path);
    GIVES(STORE(t, unwatch, "data/x", "tok"), 0, "unwatch");
    GIVES(STORE(t, unwatch, "data/x", "tok"), LEAT_E_REFERENCE,
          "which is no more");
    GIVES(STORE(s, remove, 0, "data/x"), 0, "remove");
    GIVES(STORE(t, read, 0, "data/x/a", buf, sizeof(buf), NULL),
          LEAT_E_REFERENCE, "with all below");
    leat_xen_store_close(s);
    leat_xen_store_close(t);
}

static void events(uint32_t own)
{
    struct leat_xen_events *e;
    uint32_t a, b, got = 0, other = 0;
    struct pollfd fd = {.events = POLLIN};

    MUST(!leat_xen_events_open(&e, NULL));
    fd.fd = leat_xen_event_ops(e).ops->fd(leat_xen_event_ops(e).self);
    GIVES(EVENT(e, pending, &got), LEAT_E_AGAIN, "none is pending");
    GIVES(EVENT(e, alloc, own, &a), 0, "offer");
    GIVES(EVENT(e, bind, own, a, &b), 0, "bind");
    /* The interrupt may be another CPU's. */
    OK(COMES(!EVENT(e, pending, &got), 2000), "the binder's is pending");
    OK(got == b, "of itself");
    GIVES(EVENT(e, notify, b), 0, "send");
    GIVES(EVENT(e, notify, b), 0, "and again");
    OK(poll(&fd, 1, 2000) == 1, "the descriptor tells");
    GIVES(EVENT(e, pending, &got), 0, "take");
    OK(got == a, "the other end");
    GIVES(EVENT(e, pending, &got), LEAT_E_AGAIN, "two were one");
    GIVES(EVENT(e, notify, b), 0, "send");
    GIVES(EVENT(e, pending, &got), LEAT_E_AGAIN, "it is masked");
    GIVES(EVENT(e, unmask, a), 0, "unmask");
    OK(COMES(!EVENT(e, pending, &got), 2000) && got == a, "it comes");
    GIVES(EVENT(e, notify, 3999), LEAT_E_REFERENCE, "no such port");
    GIVES(EVENT(e, unmask, 3999), LEAT_E_REFERENCE, "nor to unmask");
    GIVES(EVENT(e, bind, own, 3999, &other), LEAT_E_REFERENCE,
          "nor to bind to");
    GIVES(EVENT(e, bind, 4321, 1, &other), LEAT_E_DOMAIN, "no such domain");
    GIVES(EVENT(e, bind, own, a, &other), LEAT_E_REFERENCE,
          "a port has one other end");
    OK(other == 0, "nothing was written");
    GIVES(EVENT(e, close, a), 0, "close");
    GIVES(EVENT(e, close, a), LEAT_E_REFERENCE, "twice");
    leat_xen_events_close(e);
}

int main(void)
{
    store(own_domain());
    events(own_domain());
    return tap_end();
}

/* SPDX-License-Identifier: ISC */

/* Xenstore, and event channels within one domain. */

#include "grants.h"

static int count(void *arg, const char *name)
{
    ++*(int *)arg;
    return strcmp(name, "stop") ? 0 : 7;
}

static void store(uint32_t own)
{
    static char big[2 * LEAT_XEN_STORE_MAX];
    struct leat_xen_store *s, *t;
    char buf[64], path[64], token[16];
    size_t len = 0;
    uint32_t one, two;
    int n = 0;

    MUST(!leat_xen_store_open(&s, NULL) && !leat_xen_store_open(&t, NULL));
    GIVES(leat_xen_store_write(s, 0, "data/x/a", "hello", 5), 0, "write");
    GIVES(leat_xen_store_read(t, 0, "data/x/a", buf, sizeof(buf), &len), 0,
          "read");
    OK(len == 5 && !strcmp(buf, "hello"), "is what was written");
    GIVES(leat_xen_store_read(t, 0, "data/x/a", buf, 5, &len), LEAT_E_RANGE,
          "no room for it");
    GIVES(leat_xen_store_read(t, 0, "data/x/b", buf, sizeof(buf), &len),
          LEAT_E_REFERENCE, "no such key");
    GIVES(leat_xen_store_read(t, 0, "data//x", buf, sizeof(buf), &len),
          LEAT_E_INVALID, "a malformed path");
    GIVES(leat_xen_store_write(s, 0, "data/x/a", big, sizeof(big)),
          LEAT_E_LENGTH, "too long a value");
    MUST(!leat_xen_store_write(s, 0, "data/x/b", "1", 1));
    GIVES(leat_xen_store_list(s, 0, "data/x", count, &n), 0, "list");
    OK(n == 2, "of two");
    MUST(!leat_xen_store_write(s, 0, "data/x/stop", "", 0));
    GIVES(leat_xen_store_list(s, 0, "data/x", count, &n), 7, "until it stops");

    GIVES(leat_xen_store_begin(s, &one), 0, "begin");
    MUST(!leat_xen_store_write(s, one, "data/x/a", "one", 3));
    MUST(!leat_xen_store_read(t, 0, "data/x/a", buf, sizeof(buf), NULL));
    OK(!strcmp(buf, "hello"), "others do not see it");
    GIVES(leat_xen_store_end(s, one, false), 0, "abort");
    GIVES(leat_xen_store_end(s, LEAT_XEN_STORE_ALONE, true), LEAT_E_INVALID,
          "there is none to end");
    MUST(!leat_xen_store_begin(s, &one) && !leat_xen_store_begin(t, &two));
    MUST(!leat_xen_store_read(s, one, "data/x/a", buf, sizeof(buf), NULL));
    MUST(!leat_xen_store_read(t, two, "data/x/a", buf, sizeof(buf), NULL));
    MUST(!leat_xen_store_write(s, one, "data/x/a", "one", 3));
    MUST(!leat_xen_store_write(t, two, "data/x/a", "two", 3));
    GIVES(leat_xen_store_end(s, one, true), 0, "the first commits");
    GIVES(leat_xen_store_end(t, two, true), LEAT_E_AGAIN,
          "the second must begin anew");
    MUST(!leat_xen_store_read(t, 0, "data/x/a", buf, sizeof(buf), NULL));
    OK(!strcmp(buf, "one"), "it has changed nothing");

    GIVES(leat_xen_store_watch(t, "data/x", "tok"), 0, "watch");
    OK(COMES(!leat_xen_store_fired(t, path, sizeof(path), token, sizeof(token)),
             2000) &&
           !strcmp(token, "tok"),
       "it fires once by itself");
    GIVES(leat_xen_store_fired(t, path, sizeof(path), NULL, 0), LEAT_E_AGAIN,
          "and no more");
    MUST(!leat_xen_store_write(s, 0, "data/x/c", "", 0));
    OK(COMES(!leat_xen_store_fired(t, path, sizeof(path), NULL, 0), 2000) &&
           !strcmp(path, "data/x/c"),
       "a change fires: %s", path);
    GIVES(leat_xen_store_unwatch(t, "data/x", "tok"), 0, "unwatch");
    /* In a domU the kernel answers, and does not tell. */
    GIVES(leat_xen_store_unwatch(t, "data/x", "tok"),
          own ? 0 : LEAT_E_REFERENCE, "which is no more");
    GIVES(leat_xen_store_remove(s, 0, "data/x"), 0, "remove");
    GIVES(leat_xen_store_read(t, 0, "data/x/a", buf, sizeof(buf), NULL),
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
    fd.fd = leat_xen_events_fd(e);
    GIVES(leat_xen_event_take(e, &got), LEAT_E_AGAIN, "none is pending");
    GIVES(leat_xen_event_offer(e, own, &a), 0, "offer");
    GIVES(leat_xen_event_bind(e, own, a, &b), 0, "bind");
    GIVES(leat_xen_event_take(e, &got), 0, "the binder's is pending");
    OK(got == b, "at once");
    GIVES(leat_xen_event_send(e, b), 0, "send");
    GIVES(leat_xen_event_send(e, b), 0, "and again");
    OK(poll(&fd, 1, 2000) == 1, "the descriptor tells");
    GIVES(leat_xen_event_take(e, &got), 0, "take");
    OK(got == a, "the other end");
    GIVES(leat_xen_event_take(e, &got), LEAT_E_AGAIN, "two were one");
    GIVES(leat_xen_event_send(e, b), 0, "send");
    GIVES(leat_xen_event_take(e, &got), LEAT_E_AGAIN, "it is masked");
    GIVES(leat_xen_event_unmask(e, a), 0, "unmask");
    OK(COMES(!leat_xen_event_take(e, &got), 2000) && got == a, "it comes");
    GIVES(leat_xen_event_send(e, 3999), LEAT_E_REFERENCE, "no such port");
    GIVES(leat_xen_event_unmask(e, 3999), 0, "to unmask it does nothing");
    GIVES(leat_xen_event_bind(e, own, 3999, &other), LEAT_E_REFERENCE,
          "nor to bind to");
    GIVES(leat_xen_event_bind(e, 4321, 1, &other), LEAT_E_DOMAIN,
          "no such domain");
    GIVES(leat_xen_event_bind(e, own, a, &other), LEAT_E_REFERENCE,
          "a port has one other end");
    OK(other == 0, "nothing was written");
    GIVES(leat_xen_event_close(e, a), 0, "close");
    GIVES(leat_xen_event_close(e, a), LEAT_E_REFERENCE, "twice");
    leat_xen_events_close(e);
}

int main(void)
{
    store(own_domain());
    events(own_domain());
    return tap_end();
}

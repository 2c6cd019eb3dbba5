/* SPDX-License-Identifier: ISC */

/*
 * A client of xenstore: one request at a time, over the ring that the toolstack
 * set up. A watch that fires meanwhile is only noted.
 * Source: docs/misc/xenstore-ring.txt, xen/io/xs_wire.h.
 */

#include <string.h>

#include "guest.h"

static volatile struct xen_store_ring *ring;
static uint32_t port;
static bool changed;

/* After a restore too: an answer to a request of before would be for nobody. */
void guest_store_open(void)
{
    ring = guest_page(guest_start_info->store_frame);
    port = guest_start_info->store_port;
    ring->rsp_cons = ring->rsp_prod;
}

static void put(const void *from, size_t n)
{
    const char *f = from;

    while (n) {
        uint32_t prod = ring->req_prod;

        if (prod - __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE) >=
            sizeof(ring->req)) {
            guest_notify(port);
            guest_wait(&port, 1, 1000000000);
            guest_taken(port);
            continue;
        }
        ring->req[prod % sizeof(ring->req)] = *f++;
        __atomic_store_n(&ring->req_prod, prod + 1, __ATOMIC_RELEASE);
        n--;
    }
}

static void take(void *to, size_t n)
{
    char *t = to;

    while (n) {
        uint32_t cons = ring->rsp_cons;

        if (__atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE) == cons) {
            guest_wait(&port, 1, 1000000000);
            guest_taken(port);
            continue;
        }
        *t++ = ring->rsp[cons % sizeof(ring->rsp)];
        __atomic_store_n(&ring->rsp_cons, cons + 1, __ATOMIC_RELEASE);
        n--;
    }
    guest_notify(port);
}

/* The next message: its kind. (payload) ends with a zero. */
static uint32_t message(char *payload)
{
    struct xen_store_head head;

    take(&head, sizeof(head));
    MUST(head.len <= XEN_STORE_PAYLOAD_MAX);
    take(payload, head.len);
    payload[head.len] = '\0';
    return head.type;
}

/* Asks; true unless the store answers by an error. */
static bool ask(uint32_t type, const char *a, size_t alen, const char *b,
                size_t blen, char *payload)
{
    struct xen_store_head head = {.type = type, .len = (uint32_t)(alen + blen)};
    uint32_t got;

    put(&head, sizeof(head));
    put(a, alen);
    put(b, blen);
    guest_notify(port);
    while ((got = message(payload)) == XEN_STORE_EVENT)
        changed = true;
    MUST(got == type || got == XEN_STORE_ERROR);
    return got == type;
}

static char answer[XEN_STORE_PAYLOAD_MAX + 1];

static size_t length(const char *s)
{
    size_t n = 0;

    while (s[n]) {
        n++;
        __asm__ volatile(""); /* or it is made a call of strlen */
    }
    return n;
}

bool guest_store_read(const char *path, char *out, size_t size)
{
    size_t n;

    if (!ask(XEN_STORE_READ, path, length(path) + 1, "", 0, answer))
        return false;
    n = length(answer);
    MUST(n < size);
    memcpy(out, answer, n + 1);
    return true;
}

void guest_store_write(const char *path, const char *value)
{
    MUST(ask(XEN_STORE_WRITE, path, length(path) + 1, value, length(value),
             answer));
}

void guest_store_watch(const char *path)
{
    MUST(ask(XEN_STORE_WATCH, path, length(path) + 1, "leat", 5, answer));
}

bool guest_store_changed(void)
{
    bool was;

    while (ring->rsp_prod != ring->rsp_cons)
        changed |= message(answer) == XEN_STORE_EVENT;
    was = changed;
    changed = false;
    return was;
}

uint32_t guest_store_port(void)
{
    return port;
}

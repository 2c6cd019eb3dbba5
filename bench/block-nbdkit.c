/* SPDX-License-Identifier: ISC */

/*
 * nbdkit's memory and file plugins, over a unix socket, by libnbd. Its threads
 * are on the second processor, where leat's backend is.
 */

#include <libnbd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"

struct nbd {
    struct nbd_handle *h;
    const struct block_case *c;
    unsigned char *data;
    unsigned char done[BLOCK_DEPTH_MAX]; /* slots, in the order */
    unsigned ndone;
};

struct slot {
    struct nbd *n;
    unsigned slot;
};

static struct slot slots[BLOCK_DEPTH_MAX];

static _Noreturn void die(void)
{
    device_die(nbd_get_error());
}

static int completed(void *arg, int *error)
{
    const struct slot *s = arg;

    if (*error)
        device_die("nbdkit refused a request");
    s->n->done[s->n->ndone++] = (unsigned char)s->slot;
    return 1;
}

static void submit(void *arg, unsigned slot, uint64_t off)
{
    struct nbd *n = arg;
    unsigned char *data = n->data + (size_t)slot * n->c->bytes;
    nbd_completion_callback done = {.callback = completed,
                                    .user_data = &slots[slot]};
    int64_t cookie;

    slots[slot] = (struct slot){n, slot};
    if (n->c->write)
        block_fill(data, n->c->bytes);
    cookie = n->c->write ? nbd_aio_pwrite(n->h, data, n->c->bytes, off, done, 0)
                         : nbd_aio_pread(n->h, data, n->c->bytes, off, done, 0);
    if (cookie < 0)
        die();
}

static unsigned wait(void *arg, unsigned out[BLOCK_DEPTH_MAX])
{
    struct nbd *n = arg;
    unsigned i, got;

    while (!n->ndone) {
        if (nbd_poll(n->h, -1) < 0)
            die();
    }
    got = n->ndone;
    for (i = 0; i < got; i++) {
        out[i] = n->done[i];
        if (!n->c->write)
            block_look(n->data + (size_t)out[i] * n->c->bytes, n->c->bytes);
    }
    n->ndone = 0;
    return got;
}

/* libnbd makes the socket, and starts nbdkit on it. */
static void start(struct nbd *n, const char *variant)
{
    char size[32];
    char *argv[12] = {(char *)"nbdkit", (char *)"--exit-with-parent",
                      (char *)"--foreground"};
    int argc = 3;

    snprintf(size, sizeof size, "%llu", (unsigned long long)DEVICE_BYTES);
    if (!strcmp(variant, "memory")) {
        argv[argc++] = (char *)"memory";
        argv[argc++] = size;
    } else if (!strcmp(variant, "file")) {
        argv[argc++] = (char *)"file";
        argv[argc++] = (char *)device_file("cached");
    } else {
        device_none("no such variant");
    }
    argv[argc] = NULL;
    n->h = nbd_create();
    if (!n->h)
        die();
    cpu_pin(1);
    if (nbd_connect_systemd_socket_activation(n->h, argv) < 0)
        device_none(nbd_get_error());
    cpu_pin(0);
}

/* The memory is sparse; the file may not be in the cache. */
static void fill(struct nbd *n, bool write)
{
    static unsigned char block[256 << 10];
    uint64_t off;

    memset(block, 0x5a, sizeof block);
    for (off = 0; off < DEVICE_BYTES; off += sizeof block) {
        if (write ? nbd_pwrite(n->h, block, sizeof block, off, 0)
                  : nbd_pread(n->h, block, sizeof block, off, 0))
            die();
    }
}

void device_run(struct device *d)
{
    const struct block_case *c = block_find(d->name);
    struct nbd n = {.c = c};
    struct block_peer peer = {.arg = &n, .submit = submit, .wait = wait};

    if (!c)
        device_none("no such case");
    pair_fork(&d->pair);
    if (!d->pair.second) {
        n.data = block_buffers(c);
        start(&n, d->variant);
        fill(&n, !strcmp(d->variant, "memory"));
    }
    pair_meet(&d->pair);
    block_measure(d, c, &peer);
    if (!d->pair.second) {
        nbd_shutdown(n.h, 0);
        nbd_close(n.h);
        free(n.data);
    }
    pair_end(&d->pair);
}

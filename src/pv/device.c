/* SPDX-License-Identifier: ISC */

/*
 * What the ends of all devices have in common: memory, steps, texts and keys.
 *
 * Source: xenbus_dev_error() of Linux for where an error goes.
 */

#include "device.h"

void *leat_device_take(unsigned char *base, size_t *at, size_t bytes)
{
    void *out = base ? base + *at : NULL;

    *at += (bytes + DEVICE_LINE - 1) / DEVICE_LINE * DEVICE_LINE;
    return out;
}

int leat_device_advance(struct leat_device_steps *s, int (*step)(void *arg),
                        void *arg)
{
    uint32_t i;
    int err = 0;

    if (s->running) {
        s->again = true;
        return 0;
    }
    s->running = true;
    for (i = 0; i < DEVICE_STEPS && !err; i++) {
        s->again = false;
        err = step(arg);
        if (err == LEAT_E_AGAIN && s->again)
            err = 0;
    }
    s->running = false;
    return err == LEAT_E_AGAIN ? 0 : err;
}

/* -------------------------------------------------------------------- texts */

void leat_device_add(struct leat_device_text *t, const char *s)
{
    while (*s && t->len + 1 < sizeof(t->text))
        t->text[t->len++] = *s++;
    t->text[t->len] = '\0';
}

void leat_device_text(struct leat_device_text *t, const char *s)
{
    t->len = 0;
    leat_device_add(t, s);
}

void leat_device_add_number(struct leat_device_text *t, uint32_t x)
{
    char digits[21];

    (void)leat_bus_digits(digits, x);
    leat_device_add(t, digits);
}

void leat_device_key(struct leat_device_text *t, bool several, uint32_t queue,
                     const char *name)
{
    leat_device_text(t, "");
    if (several) {
        leat_device_add(t, "queue-");
        leat_device_add_number(t, queue);
        leat_device_add(t, "/");
    }
    leat_device_add(t, name);
}

int leat_device_fail(struct leat_bus_end *e, const char *what, int err)
{
    struct leat_device_text t;

    if (err == LEAT_E_GONE) /* that is the store's, or the machine's */
        return err;
    leat_device_text(&t, what);
    leat_device_add(&t, ": ");
    leat_device_add(&t, leat_strerror(err));
    return leat_bus_break(e, t.text);
}

int leat_device_need(struct leat_bus_end *e, const char *key, uint64_t *out)
{
    struct leat_device_text t;
    int err = leat_bus_read_number(e, LEAT_BUS_OTHER, key, 0, UINT32_MAX, out);

    if (err != LEAT_E_REFERENCE)
        return err;
    leat_device_text(&t, "no key ");
    leat_device_add(&t, key);
    return leat_bus_break(e, t.text);
}

/*
 * error/PATH/error, PATH without /local/domain/N/ before it: where administrators
 * look. It is told for them alone, so nothing is done where it cannot be written.
 */
static void tell_administrators(const struct leat_bus_end *e,
                                const struct leat_device_text *text)
{
    static const char home[] = "/local/domain/";
    const struct leat_store *store = &e->bus->store;
    const char *path = leat_bus_path(e);
    struct leat_device_text key;
    size_t at = 0;

    while (home[at] && path[at] == home[at])
        at++;
    if (!home[at]) {
        path += at;
        while (*path && *path != '/')
            path++;
    }
    leat_device_text(&key, "error/");
    leat_device_add(&key, *path == '/' ? path + 1 : path);
    leat_device_add(&key, "/error");
    (void)store->ops->write(store->self, LEAT_STORE_NOW, key.text, text->text,
                            text->len);
}

void leat_device_broke(const struct leat_bus_end *e, char *to)
{
    struct leat_device_text text;
    const char *what = "";
    size_t i;

    (void)leat_bus_error(e, &what);
    leat_device_text(&text, what);
    for (i = 0; i <= text.len; i++)
        to[i] = text.text[i];
    tell_administrators(e, &text);
}

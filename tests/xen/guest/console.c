/* SPDX-License-Identifier: ISC */

/*
 * The console: a ring of bytes, and text that is put into it. What does not fit
 * waits until dom0 has read; nothing is lost.
 */

#include "guest.h"

static volatile struct xen_console *ring;
static uint32_t port;

void guest_console_open(void)
{
    ring = guest_page(guest_start_info->console_frame);
    port = guest_start_info->console_port;
}

void guest_write(const char *text, size_t n)
{
    uint32_t prod = ring->out_prod;

    while (n) {
        uint32_t cons = __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);

        if (prod - cons >= sizeof(ring->out)) {
            guest_notify(port);
            guest_wait(&port, 1, 1000000);
            guest_taken(port);
            continue;
        }
        ring->out[prod++ % sizeof(ring->out)] = *text++;
        __atomic_store_n(&ring->out_prod, prod, __ATOMIC_RELEASE);
        n--;
    }
    guest_notify(port);
}

void guest_console_drain(void)
{
    for (unsigned i = 0; i < 1000 && ring->out_cons != ring->out_prod; i++) {
        guest_wait(&port, 1, 5000000);
        guest_taken(port);
    }
}

/* ---------------------------------------------------------------- formats */

struct text {
    char *out;
    size_t size, len;
};

static void put(struct text *t, char c)
{
    if (t->len + 1 < t->size)
        t->out[t->len] = c;
    t->len++;
}

static void put_number(struct text *t, uint64_t n, unsigned base,
                       unsigned width)
{
    char digits[20];
    unsigned len = 0;

    do
        digits[len++] = "0123456789abcdef"[n % base];
    while (n /= base);
    for (; width > len; width--)
        put(t, '0');
    while (len)
        put(t, digits[--len]);
}

size_t guest_format(char *out, size_t size, const char *format, va_list args)
{
    struct text t = {.out = out, .size = size};

    for (const char *f = format; *f; f++) {
        bool wide = false;
        unsigned width = 0;
        const char *s;
        int64_t n;

        if (*f != '%') {
            put(&t, *f);
            continue;
        }
        for (f++; *f >= '0' && *f <= '9'; f++)
            width = width * 10 + (unsigned)(*f - '0');
        for (; *f == 'l' || *f == 'j' || *f == 'z'; f++)
            wide = true;
        switch (*f) {
        case 's':
            for (s = va_arg(args, const char *), s = s ? s : "NULL"; *s; s++)
                put(&t, *s);
            break;
        case 'c':
            put(&t, (char)va_arg(args, int));
            break;
        case 'd':
        case 'i':
            n = wide ? va_arg(args, int64_t) : va_arg(args, int);
            if (n < 0)
                put(&t, '-');
            put_number(&t, n < 0 ? -(uint64_t)n : (uint64_t)n, 10, width);
            break;
        case 'u':
        case 'x':
            put_number(&t,
                       wide ? va_arg(args, uint64_t) : va_arg(args, unsigned),
                       *f == 'u' ? 10 : 16, width);
            break;
        case 'p':
            put_number(&t, va_arg(args, uintptr_t), 16, width);
            break;
        default:
            put(&t, *f);
        }
    }
    if (size)
        out[t.len < size ? t.len : size - 1] = '\0';
    return t.len;
}

void guest_print(const char *format, ...)
{
    static char line[2000];
    va_list args;
    size_t n;

    va_start(args, format);
    n = guest_format(line, sizeof(line), format, args);
    va_end(args);
    guest_write(line, n < sizeof(line) ? n : sizeof(line) - 1);
}

size_t guest_text(char *out, size_t size, const char *format, ...)
{
    va_list args;
    size_t n;

    va_start(args, format);
    n = guest_format(out, size, format, args);
    va_end(args);
    return n;
}

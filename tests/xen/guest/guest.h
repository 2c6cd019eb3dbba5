/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_GUEST_H
#define LEAT_TESTS_GUEST_H

/*
 * A guest without an operating system: what stands under its main program.
 *
 * There is one CPU and no interrupt: events are asked for, never delivered. An
 * error that leaves nothing to do ends the guest, with a line on the console.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xen.h"

#define PAGE     ((size_t)4096)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The program: it is called once, and the guest is off when it returns. */
void guest_main(void);

/* ------------------------------------------------------------- machine.c */

extern struct xen_start_info *guest_start_info;
extern volatile struct xen_shared_info *guest_shared;

int64_t guest_call(unsigned number, uint64_t a, uint64_t b, uint64_t c);

/* Ends the guest. */
_Noreturn void guest_off(void);
_Noreturn void guest_crash(const char *format, ...);

#define MUST(cond)                                                       \
    do {                                                                 \
        if (!(cond))                                                     \
            guest_crash("%s:%d: not so: %s", __FILE__, __LINE__, #cond); \
    } while (0)

/* The machine frame of the page at (page), which is the program's own. */
uint64_t guest_frame(const void *page);

/* And the other way round. */
void *guest_page(uint64_t frame);

/* Maps machine frame (frame) at (page), in place of what was; 0: nothing. */
void guest_map(void *page, uint64_t frame);

/* Nanoseconds since the host came up. */
uint64_t guest_now_ns(void);

/*
 * Suspends: comes back when the domain was restored, or, which is true, when the
 * suspend was cancelled. Restored, it has its memory and its console; ports, the
 * connection to the store and the grant table are to be opened anew. What Xen
 * lent must be unmapped before.
 */
bool guest_suspend(void);

/* -------------------------------------------------------------- events.c */

/* A port that (domain) may bind. */
uint32_t guest_port(uint32_t domain);
void guest_port_close(uint32_t port);
void guest_notify(uint32_t port);

/* Takes what is pending of (port). */
bool guest_taken(uint32_t port);

/* Gives up the CPU until one of (ports) is pending, or (ns) have passed. */
void guest_wait(const uint32_t *ports, uint32_t n, uint64_t ns);

/* ------------------------------------------------------------- console.c */

void guest_console_open(void);
void guest_console_drain(void); /* waits, not for ever, until all is read */
void guest_write(const char *text, size_t n);

/* Formats: %s %c %d %u %x %p %%, with l, ll, j and z. */
size_t guest_format(char *out, size_t size, const char *format, va_list args);
__attribute__((format(printf, 1, 2))) void guest_print(const char *format, ...);
__attribute__((format(printf, 3, 4))) size_t guest_text(char *out, size_t size,
                                                        const char *format,
                                                        ...);

/* --------------------------------------------------------------- store.c */

void guest_store_open(void);

/* False: there is no such key. */
bool guest_store_read(const char *path, char *out, size_t size);
void guest_store_write(const char *path, const char *value);

/* Watches (path): guest_store_changed() tells, once, that any watch fired. */
void guest_store_watch(const char *path);
bool guest_store_changed(void);
uint32_t guest_store_port(void);

#endif

/* SPDX-License-Identifier: ISC */

/*
 * The machine: calls of Xen, frames, mappings, time, and suspension.
 *
 * A PV guest knows its pages by machine frames, which change when it is restored
 * on another host or on the same; the toolstack rewrites the list of frames and
 * the page tables, for which it must find them:
 *
 *   X1  while suspended, page tables name frames of the guest's own alone: what
 *       Xen lent (shared info, grant table) is unmapped before
 *   X2  the start info names store and console by their page numbers then, and
 *       the call names the start info by its frame
 *   X3  the shared info says where the list of frames is
 */

#include "guest.h"

struct xen_start_info *guest_start_info;
volatile struct xen_shared_info *guest_shared;

static _Alignas(4096) unsigned char shared_page[4096];
static const volatile uint64_t *frames;

/* Of start.c, and of guest.ld: the address of page 0. */
extern const char guest_hypercalls[];
extern char guest_base[];

int64_t guest_call(unsigned number, uint64_t a, uint64_t b, uint64_t c)
{
    int64_t result;

    __asm__ volatile("call *%[stub]"
                     : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
                     : [stub] "r"(guest_hypercalls + 32 * number)
                     : "rcx", "r8", "r9", "r10", "r11", "memory");
    return result;
}

static _Noreturn void shut(uint32_t reason)
{
    struct xen_shutdown s = {.reason = reason};

    for (;;)
        guest_call(XEN_SCHED_OP, XEN_SCHED_SHUTDOWN, (uintptr_t)&s, 0);
}

void guest_off(void)
{
    guest_console_drain();
    shut(XEN_SHUTDOWN_POWEROFF);
}

void guest_crash(const char *format, ...)
{
    static char text[400];
    va_list args;

    va_start(args, format);
    guest_format(text, sizeof(text), format, args);
    va_end(args);
    guest_print("Bail out! %s\n", text);
    guest_console_drain();
    shut(XEN_SHUTDOWN_CRASH);
}

uint64_t guest_frame(const void *page)
{
    uint64_t pfn = ((uintptr_t)page - (uintptr_t)guest_base) / PAGE;

    MUST(pfn < guest_start_info->nr_pages);
    return frames[pfn];
}

/* The page number of a frame of ours: the other way round. */
static uint64_t number_of(uint64_t frame)
{
    uint64_t pfn = 0;

    while (pfn < guest_start_info->nr_pages && frames[pfn] != frame)
        pfn++;
    MUST(pfn < guest_start_info->nr_pages);
    return pfn;
}

void *guest_page(uint64_t frame)
{
    return guest_base + number_of(frame) * PAGE;
}

void guest_map(void *page, uint64_t frame)
{
    uint64_t entry = frame ? frame * PAGE | XEN_PTE_RW : 0;

    MUST(!guest_call(XEN_UPDATE_VA_MAPPING, (uintptr_t)page, entry,
                     XEN_INVALIDATE));
}

/* It does not go back: the CPUs below do not quite agree. */
uint64_t guest_now_ns(void)
{
    static uint64_t latest;
    const volatile struct xen_time *t = &guest_shared->vcpu[0].time;
    uint32_t version, low, high;
    uint64_t ticks, ns;

    do {
        version = __atomic_load_n(&t->version, __ATOMIC_ACQUIRE);
        __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high));
        ticks = ((uint64_t)high << 32 | low) - t->tsc;
        ticks = t->shift < 0 ? ticks >> -t->shift : ticks << t->shift;
        ns = t->system + (uint64_t)((unsigned __int128)ticks * t->mul >> 32);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (version & 1 || version != t->version);
    latest = ns > latest ? ns : latest;
    return latest;
}

/* Maps the shared info, and tells by it where the list of frames is: X3. */
static void share_info(void)
{
    guest_map(shared_page, guest_start_info->shared_info / PAGE);
    guest_shared = (void *)shared_page;
    guest_shared->max_pfn = guest_start_info->nr_pages;
    guest_shared->p2m_vaddr = guest_start_info->mfn_list;
    guest_shared->p2m_cr3 =
        guest_frame((void *)guest_start_info->pt_base) * PAGE;
}

bool guest_suspend(void)
{
    struct xen_start_info *s = guest_start_info;
    struct xen_shutdown how = {.reason = XEN_SHUTDOWN_SUSPEND};
    uint64_t store = s->store_frame, console = s->console_frame;
    int64_t cancelled;

    s->store_frame = number_of(store);
    s->console_frame = number_of(console);
    guest_map(shared_page, 0);
    cancelled = guest_call(XEN_SCHED_OP, XEN_SCHED_SHUTDOWN, (uintptr_t)&how,
                           guest_frame(s));
    if (cancelled) {
        s->store_frame = store;
        s->console_frame = console;
    }
    share_info();
    guest_console_open();
    return cancelled;
}

/* From start.c. */
void guest_start(struct xen_start_info *info);

void guest_start(struct xen_start_info *info)
{
    guest_start_info = info;
    frames = (void *)info->mfn_list;
    share_info();
    guest_console_open();
    guest_main();
    guest_off();
}

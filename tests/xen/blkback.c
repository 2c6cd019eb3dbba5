/* SPDX-License-Identifier: ISC */

/*
 * Our blkback in dom0, in front of a ram disk. Linux binds backend/vbd by name, so
 * ours lives under another one, to which the front's key "backend" points.
 *
 *     blkback linux     against Linux's xen-blkfront in domU: ext4
 *     blkback kill      the same in the second domU: the back is killed. Leaves
 *                       another one at work, while tests/xen/off ends the domU
 *     blkback gone      what is left of it then
 */

#include "disk_server.h"
#include "peer.h"

#define DISK    "/dev/ram3"
#define MODULES "/lib/modules"

static struct peer p;
static char front[80], back[80];

#define in_domu(...) peer_sh(&p, __VA_ARGS__)

/* What a command in domU prints, as a number. */
static uint64_t number_in_domu(const char *command)
{
    MUST(in_domu("%s", command));
    return strtoull(box_text(p.box), NULL, 10);
}

/* The two directories of device (number). */
static void device(uint32_t number, bool make)
{
    struct leat_store store = leat_xen_store_ops(p.store);
    char text[16];
    const struct leat_bus_key keys[] = {{"virtual-device", text},
                                        {"device-type", "disk"}};
    const struct leat_bus_device d = {.type = "vbd",
                                      .front = p.domain,
                                      .number = number,
                                      .back_path = back,
                                      .front_keys = keys,
                                      .front_n = COUNT(keys)};

    snprintf(text, sizeof(text), "%u", number);
    snprintf(back, sizeof(back), "/local/domain/0/backend/leatvbd/%u/%u",
             p.domain, number);
    snprintf(front, sizeof(front), "/local/domain/%u/device/vbd/%u", p.domain,
             number);
    if (make)
        MUST(!leat_bus_device_make(&store, &d));
    else
        MUST(!leat_bus_device_remove(&store, &d));
}

static bool load(bool domu, const char *module, const char *options)
{
    char line[160];

    snprintf(line, sizeof(line),
             "grep -q '^%s ' /proc/modules || insmod " MODULES "/%s.ko %s",
             strcmp(module, "xen-blkfront") ? module : "xen_blkfront", module,
             options);
    return domu ? in_domu("%s", line) : sh("%s", line);
}

static void load_ext4(bool domu)
{
    static const char *const modules[] = {"crc16", "crc32c_generic", "mbcache",
                                          "jbd2", "ext4"};

    for (size_t i = 0; i < COUNT(modules); i++)
        MUST(load(domu, modules[i], ""));
}

/* What both wrote, and what Linux says it made of it. */
static void negotiated(const struct server *s)
{
    sh("{ xenstore-ls %s; echo; xenstore-ls %s; } | sed 's/^/# /'", front,
       back);
    peer_show(
        &p, "dmesg | grep blkfront; head /sys/module/xen_blkfront/parameters/* "
            "| grep -v '^$'");
    OK(number_in_domu("cat /sys/block/xvda/size") ==
           sh_number("cat /sys/block/ram3/size"),
       "it has the sectors that the ram disk has");
    OK(store_has(front, "multi-queue-num-queues", "2") &&
           store_has(back, "multi-queue-max-queues", "4") &&
           number_in_domu("ls /sys/block/xvda/mq | wc -l") == 2,
       "two queues, one a CPU of domU's");
    OK(store_has(front, "ring-page-order", "3") &&
           sh("xenstore-exists %s/queue-0/ring-ref7", front) &&
           sh("xenstore-exists %s/queue-1/ring-ref7", front) &&
           sh("! xenstore-exists %s/queue-1/ring-ref8", front),
       "rings of 8 pages");
    OK(store_has(front, "feature-persistent", "1") &&
           store_has(back, "feature-persistent", "1") &&
           in_domu("dmesg | grep -q 'xvda: .*persistent grants: enabled'"),
       "persistent grants");
    OK(store_has(back, "feature-max-indirect-segments", "64") &&
           in_domu("dmesg | grep -q 'xvda: .*indirect descriptors: enabled'") &&
           number_in_domu("cat /sys/block/xvda/queue/max_segments") == 48,
       "indirect segments");
    OK(in_domu("dmesg | grep -q 'xvda: flush diskcache: enabled'") &&
           in_domu("grep -q 'write back' /sys/block/xvda/queue/write_cache"),
       "flushes");
    OK(s->report->s.queues == 2 && s->report->s.ring_pages == 8,
       "the back end says the same");
}

#define SUMS "find . -type f | sort | xargs sha256sum | sha256sum"

/* ext4: what is written there is found here. */
static void file_system(const struct server *s)
{
    const volatile struct leat_blkback_stats *c = &s->report->s;
    char sums[70];

    OK(in_domu("mkdir -p /tmp/m && mount -t ext4 /dev/xvda /tmp/m"),
       "domU mounts it");
    OK(in_domu("cp -r " MODULES " /tmp/m && "
               "for i in $(seq 100); do echo $i >/tmp/m/$i; done && "
               "dd if=/bin/busybox of=/tmp/m/direct bs=64k oflag=direct "
               "conv=fsync 2>/dev/null && sync"),
       "and writes files");
    OK(in_domu("cd /tmp/m && rm ? && echo 3 >/proc/sys/vm/drop_caches && "
               "cmp direct /bin/busybox && " SUMS " | tee /tmp/sums"),
       "and reads them again");
    snprintf(sums, sizeof(sums), "%.64s", box_text(p.box));
    tap_note("domU: sha256 %s", sums);
    OK(in_domu("umount /tmp/m"), "and unmounts it");
    peer_show(&p, "sed 's/^/stat:/' /sys/block/xvda/stat");
    OK(number_in_domu("awk '{ print $3 }' /sys/block/xvda/stat") * 512 ==
               c->read_bytes &&
           number_in_domu("awk '{ print $7 }' /sys/block/xvda/stat") * 512 ==
               c->write_bytes,
       "Linux counts as many sectors as leat");
    server_note(s);
    OK(c->indirect && c->flushes, "requests were indirect; flushes came");
    OK(c->hits > c->mapped, "pages were mapped once, and used again");
    OK(!c->error && !c->unsupported && !c->purged, "without an error");
    OK(s->report->late * 10 < c->okay, "whom something woke each time");
    OK(c->okay * 128 + c->indirect * 4096 >= s->report->copied,
       "what was copied is messages alone");
    OK(sh("echo 3 >/proc/sys/vm/drop_caches; "
          "/usr/sbin/e2fsck -fn " DISK
          " >/tmp/fsck 2>&1; r=$?; sed 's/^/# /' /tmp/fsck; "
          "exit $r"),
       "e2fsck finds nothing");
    load_ext4(false);
    OK(sh("mkdir -p /tmp/m && mount -t ext4 -o ro " DISK
          " /tmp/m && cd /tmp/m && "
          "test \"$(" SUMS " | head -c 64)\" = %s; r=$?; cd /; umount /tmp/m; "
          "exit $r",
          sums),
       "dom0 finds the same checksums on the ram disk");
}

static void linux_front(void)
{
    struct server s;

    peer_open(&p, "LEAT_XEN_DOMU");
    MUST(sh("/usr/sbin/mke2fs -q -F -t ext4 " DISK));
    load_ext4(true);
    MUST(load(true, "xen-blkfront",
              "max_ring_page_order=3 max_indirect_segments=48"));
    device(VBD, true);
    server_start(&s, "linux", back, DISK, false);
    OK(COMES(s.report->events[LEAT_BLKBACK_CONNECTED], 30000) &&
           COMES(in_domu("test -b /dev/xvda"), 30000),
       "Linux's xen-blkfront connects");
    negotiated(&s);
    file_system(&s);
    OK(server_ends(&s), "it closes, and nothing stays mapped");
    OK(store_has(front, "state", "6"), "Linux's state is Closed");
    device(VBD, false);
    OK(COMES(in_domu("! test -e /sys/bus/xen/devices/vbd-51712"), 5000),
       "its device goes");
    peer_close(&p);
}

#define VBD2 51728 /* xvdb */

/* Requests come, and come again. */
static bool busy(const struct server *s)
{
    uint64_t before = s->report->s.okay;

    return COMES(s->report->s.okay >= before + 200, 30000);
}

/* Several readers of (disk) in domU, without end. */
static void readers(const char *disk)
{
    MUST(in_domu("for i in 1 2; do while :; do dd if=/dev/%s of=/dev/null "
                 "bs=64k count=64 iflag=direct || sleep 1; done </dev/null "
                 ">/dev/null 2>&1 & done",
                 disk));
}

static void serves_readers(struct server *s, uint32_t number, const char *disk)
{
    device(number, true);
    server_start(s, disk, back, DISK, number == VBD2);
    OK(COMES(in_domu("test -b /dev/%s", disk), 30000),
       "Linux's xen-blkfront connects %s", disk);
    readers(disk);
    OK(busy(s), "its requests are served");
}

/*
 * Linux's front does not see that its back was killed: it stays connected, and
 * waits for what it had asked, which nobody has any more. A back that starts again
 * waits in turn, for a front that begins anew.
 */
static void killed(void)
{
    struct server s;

    peer_open(&p, "LEAT_XEN_DOMU2");
    MUST(load(true, "xen-blkfront", ""));
    serves_readers(&s, VBD, "xvda");
    server_kill(&s);
    server_start(&s, "xvda", back, DISK, false);
    sleep_ms(1000);
    sh("xenstore-ls %s | grep state | sed 's/^/# Linux: /'; "
       "xenstore-ls %s | grep state | sed 's/^/# leat: /'",
       front, back);
    peer_show(&p, "cat /sys/block/xvda/inflight; dmesg | tail -n 3");
    OK(store_has(front, "state", "4"), "Linux stays connected");
    OK(number_in_domu("awk '{ print $1 + $2 }' /sys/block/xvda/inflight") > 0,
       "and waits for what it had asked");
    OK(!s.report->s.connects && !s.report->events[LEAT_BLKBACK_BROKEN],
       "the next back end serves nothing, and is not broken");
    OK(server_ends(&s), "it ends");
    /* Left to themselves: "destroy" ends this domain. */
    serves_readers(&s, VBD2, "xvdb");
    peer_close(&p);
}

static void gone(void)
{
    struct server s = {0};

    sh("xl destroy $LEAT_XEN_DOMU2 2>/dev/null");
    OK(COMES(!sh("xl list $LEAT_XEN_DOMU2 >/dev/null 2>&1"), 30000),
       "the domain is gone, for nothing of it is mapped");
    server_find(&s, "xvdb");
    server_note(&s);
    OK(s.report->events[LEAT_BLKBACK_CONNECTED] == 1 &&
           COMES(s.report->events[LEAT_BLKBACK_DISCONNECTED] == 1, 5000),
       "the back end has let go of it");
    OK(s.report->s.maps == s.report->s.unmaps && !s.report->s.under_way &&
           !s.report->s.persistent,
       "of all pages and requests");
    OK(!s.report->events[LEAT_BLKBACK_BROKEN], "it has not broken");
    OK(server_ends(&s), "and ends when it is told to");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } runs[] = {{"linux", linux_front}, {"kill", killed}, {"gone", gone}};

    if (argc == 5 && !strcmp(argv[1], "serve"))
        return server_main(argv + 2);
    MUST(argc == 2);
    for (size_t i = 0; i < COUNT(runs); i++)
        if (!strcmp(argv[1], runs[i].name))
            runs[i].run();
    return tap_end();
}

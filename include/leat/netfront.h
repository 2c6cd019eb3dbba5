/* SPDX-License-Identifier: ISC */
#ifndef LEAT_NETFRONT_H
#define LEAT_NETFRONT_H

/*
 * netfront: the front end of a network device. It sends and receives Ethernet
 * frames by the back end of another domain, over the protocol of
 * xen/io/netif.h.
 *
 *     send: the device's pages, filled in place --\            /--> sent
 *     give: the caller's pages, as they are -------+--> ring --+
 *             what cannot be shown: bounced -------/           \--> refused
 *
 *     ring --> receive(frame), in one of three ways (leat/receive.h):
 *
 *   COPY    the back writes to pages of the device's own, which stay granted and
 *           are used again; each frame is copied once, to pages that the reader
 *           owns
 *   REVOKE  the back writes to pages that are granted for that, and revoked
 *           before the frame is told: the reader owns them. A page that the
 *           back holds on to is in quarantine, and its frame is lost. Only over
 *           a backend that knows who holds on (LEAT_LETGO_KNOWN)
 *   SHARED  the reader gets the device's own pages, which the back can still
 *           write, and gives them back: no copy, no grant operation. Only of a
 *           peer that is trusted
 *
 * What is private is not touched by any later frame.
 *
 * Where the back has a control ring, the device's own pages are mapped there for
 * good (XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING): then neither end has a grant
 * operation for a frame. They are used in turn, the one that was used longest
 * ago first, for the caches of both ends (LEAT_NETFRONT_HOT: the other way).
 *
 * No peer is trusted: an answer to nothing, or twice, a status that is none,
 * bytes beyond a page, extras that are unknown, break the device (XSA-376, 448,
 * 155): it unwinds, and a text says why. A back that answers nothing, or that
 * fills no page, stalls this device and nothing else.
 *
 * When the back dies, or this domain is resumed, frames under way are lost, and
 * counted, and it connects again, with fresh rings.
 *
 * Owner:   the device is the library's, in memory of the caller's.
 * Errors:  LEAT_E_INVALID  a needed pointer is NULL, an unknown flag or value;
 *          in all calls
 * Threads: one at a time on a bus and all its devices.
 *
 * Source: xen/io/netif.h; xen/io/xenbus.h.
 */

#include <leat/bus.h>
#include <leat/grant.h>
#include <leat/netport.h>
#include <leat/receive.h>

LEAT_BEGIN_DECLS

struct leat_netfront;

#define LEAT_NETFRONT_QUEUES 16u
#define LEAT_NETFRONT_SLOTS  18u /* of a frame, at most, each way             */

/* Flags. */
#define LEAT_NETFRONT_STRICT \
    1u /* give: what would be bounced is refused, with LEAT_E_PEER, ...        */
#define LEAT_NETFRONT_HALVES \
    2u /* pages to send from are halved: twice as many frames of up to 2048
          bytes; a longer one takes more slots                                 */
#define LEAT_NETFRONT_HOT \
    4u /* the page that was used last is used first: where both ends share a
          CPU                                                                  */
#define LEAT_NETFRONT_PREFIX \
    8u /* GSO frames to us are told by a slot before them, not by an extra     */
#define LEAT_NETFRONT_NO_SG     16u /* frames to us: of one page           */
#define LEAT_NETFRONT_NO_SPLIT  32u /* one event channel a queue           */
#define LEAT_NETFRONT_NO_STATIC 64u /* no control ring                     */
#define LEAT_NETFRONT_MULTICAST \
    128u /* only what leat_netfront_multicast() names, of multicast, is to
            come, where the back can filter                                    */

enum leat_netfront_event {
    LEAT_NETFRONT_CONNECTED = 1,    /* leat_netfront_info() holds             */
    LEAT_NETFRONT_DISCONNECTED = 2, /* it may connect again                   */
    LEAT_NETFRONT_LINK = 3,         /* the back's link went up or down        */
    LEAT_NETFRONT_BROKEN = 4,       /* the back lied: leat_netfront_text()    */
    LEAT_NETFRONT_CLOSED = 5,       /* for good: destroy it                   */
    LEAT_NETFRONT_PAUSED = 6,       /* the back has let go of all             */
};

/*
 * Bytes of a frame, in one piece. Those that are private are the pages of
 * (chunk), and who has that owns them; those that are shared, of a page of the
 * device's.
 */
struct leat_netfront_piece {
    struct leat_chunk chunk;
    struct leat_view view;
    struct leat_shared shared;
    uint64_t page; /* private */
};

/* A frame that came. */
struct leat_netfront_frame {
    uint32_t queue;
    uint32_t n; /* pieces; COPY: 1                                            */
    size_t len; /* of all, 14 to 65,535                                       */
    struct leat_net_meta meta;
    struct leat_netfront_piece *pieces;
};

/* Zero it; each field's zero is its default, here in brackets. */
struct leat_netfront_config {
    struct leat_bus *bus;       /* required                                   */
    const char *path;           /* required: its own directory in the store   */
    struct leat_grants *grants; /* required: it shares                        */
    struct leat_pool *pool;     /* required: it serves the back's domain alone,
                                   and zeroes always: rings, the device's own
                                   pages; REVOKE: those that frames come in   */
    struct leat_pool *to;       /* COPY: frames are copied to pages of it; it
                                   serves no peer, and need not zero          */
    enum leat_receive_mode mode;
    uint32_t flags;    /* LEAT_NETFRONT_*                                     */
    uint32_t offload;  /* LEAT_NET_OFFLOAD_*: what frames to us may leave     */
    bool trusted;      /* the back is: SHARED needs it                        */
    uint32_t queues;   /* at most [1], up to LEAT_NETFRONT_QUEUES             */
    uint32_t tx_pages; /* of the device's own, a queue: to send from [1024],  */
    uint32_t rx_pages; /* and that frames come in [1024]; 32 to 8192          */
    uint32_t filter;   /* addresses of multicast, at most [64]                */

    /*
     * A frame came. What of (frame) it wants to keep it takes: the chunk of a
     * piece, where it then voids (pool), or a ref to it; of SHARED the piece,
     * whose (page) it sets to 0, and gives back by leat_netfront_done(). The rest
     * is the device's again when it returns. It may send, and call all but
     * poll, close and destroy. NULL: frames that come are dropped.
     */
    void (*receive)(void *arg, struct leat_netfront *f,
                    struct leat_netfront_frame *frame);

    /* There is room again in queue (queue), after LEAT_E_AGAIN. May send. */
    void (*room)(void *arg, struct leat_netfront *f, uint32_t queue);

    /* May call all but poll and destroy. */
    void (*event)(void *arg, struct leat_netfront *f,
                  enum leat_netfront_event what);
    void *arg; /* of the three; each may be NULL                              */

    /* At least leat_netfront_meta_size() bytes that no peer can see.
     * Owner: the caller's, and in use until it is destroyed. */
    void *meta;
    size_t meta_bytes;
};

/*
 * How much metadata it needs; creates it, and begins to connect: poll the bus and
 * the device until LEAT_NETFRONT_CONNECTED.
 *
 * Owner:   (path) is copied; the rest of (config) is borrowed until it is
 *          destroyed.
 * Errors:  LEAT_E_NOMEM    meta_bytes is too small
 *          LEAT_E_PEER     SHARED: the peer is not trusted; (pool) does not
 *                          serve it alone; (to) serves a peer
 *          LEAT_E_LENGTH   the path is too long
 *          LEAT_E_INVALID  also: its key "mac" is no address
 *          those of leat_bus_attach() and leat_persist_create()
 */
LEAT_API int leat_netfront_meta_size(const struct leat_netfront_config *config,
                                     size_t *bytes);
LEAT_API int leat_netfront_create(struct leat_netfront **out,
                                  const struct leat_netfront_config *config);

/*
 * Closes it: pages that the back had mapped for good are taken back, and frames
 * under way come to their end as far as the back lets them; then
 * LEAT_NETFRONT_CLOSED. (now): it waits for nothing.
 */
LEAT_API int leat_netfront_close(struct leat_netfront *f, bool now);

/*
 * Disconnects it, as a close does that waits, until resume: for a suspend, which
 * is refused while the back has a page. LEAT_NETFRONT_PAUSED tells when it has
 * none. To send is LEAT_E_STATE meanwhile.
 *
 * Errors:  LEAT_E_STATE   pause: it is pausing; resume: it is not
 *          LEAT_E_CLOSED  pause: it closes
 */
LEAT_API int leat_netfront_pause(struct leat_netfront *f);
LEAT_API int leat_netfront_resume(struct leat_netfront *f);

/*
 * Destroys it, once it is closed. Pages that the peer still holds stay in the
 * table's quarantine.
 * Errors:  LEAT_E_BUSY  it is not closed; or SHARED: pieces are out
 */
LEAT_API int leat_netfront_destroy(struct leat_netfront *f);

/* What was agreed. */
struct leat_netfront_info {
    uint8_t mac[LEAT_NET_MAC];
    bool has_mac;
    bool link;        /* the back's is up                                     */
    uint32_t mtu;     /* as the back says; 1500 where it does not             */
    uint32_t queues;  /* 0 to this - 1 can be named                           */
    uint32_t offload; /* LEAT_NET_OFFLOAD_*: what frames of ours may leave    */
    uint32_t frame_max; /* bytes of a frame of ours: without sg, one page     */
    bool sg;            /* frames of ours may have several slots              */
    bool split;         /* two event channels a queue                         */
    bool multicast;     /* the back filters, and was asked to;                */
    bool dynamic;       /* and can be asked at any time                       */
    bool statics;       /* it has a control ring                              */
    enum leat_receive_mode mode; /* COPY, whatever was configured, where the
                                    store says trusted=0                      */
};

/* Errors: LEAT_E_STATE: it is not connected. */
LEAT_API int leat_netfront_info(const struct leat_netfront *f,
                                struct leat_netfront_info *out);

/* ---------------------------------------------------------------- sending */

#define LEAT_NETFRONT_DIRTY \
    1u /* (fill) writes all: its bytes are not zeroed before; they hold what was
          sent to this back before                                             */
#define LEAT_NETFRONT_META \
    2u /* send: (fill) says what (meta) is to be, too, by writing it          */

/* What is sent. Zero it, then set its fields. */
struct leat_netfront_fill {
    uint32_t queue;
    uint32_t flags; /* LEAT_NETFRONT_DIRTY, LEAT_NETFRONT_META                */
    size_t size;    /* bytes that (fill) is given                             */
    struct leat_net_meta meta; /* of csum_start and _offset nothing is used   */

    /*
     * Writes the frame to (views), which have (size) bytes together, zeroed, in
     * pages that the back can read but not change: one view for each slot. And
     * tells in (*len), which is (size) at first, how many bytes it has; the rest
     * is not sent. Other than 0: nothing is sent. It must not call anything of
     * the device. With LEAT_NETFRONT_META it sets (meta) of this struct, too: for
     * who reads a frame from elsewhere straight into the pages, and learns only
     * then how long it is and what it leaves open.
     */
    int (*fill)(void *arg, const struct leat_view *views, size_t n,
                size_t *len);
    void *arg;
};

/*
 * Sends a frame that (fill) writes where the back reads it: no copy, no grant
 * operation. The back is told by the next leat_netfront_push() or _poll().
 *
 * Errors: nothing is sent, and the pages are the device's again:
 *   LEAT_E_AGAIN        no room now: (room) will be called
 *   LEAT_E_LENGTH       shorter than 14 bytes, or longer than frame_max
 *   LEAT_E_RANGE        (fill) says that it wrote more than (size)
 *   LEAT_E_UNSUPPORTED  the back does not take what (meta) leaves to it
 *   LEAT_E_PROTO        the ring is broken
 *   LEAT_E_STATE        not connected
 *   that of (fill)
 */
LEAT_API int leat_netfront_send(struct leat_netfront *f,
                                const struct leat_netfront_fill *fill);

/* What is given. Zero it, then set its fields. */
struct leat_netfront_give {
    uint32_t queue;
    const struct leat_netfront_piece
        *pieces; /* (n) of them: view, and chunk, or
                                                 no chunk, which is bounced   */
    size_t n;
    struct leat_net_meta meta;

    /*
     * The back is done with it; NULL: nobody is told. Called once for each give
     * that gave 0: from poll or close, or by a send or give that finds no room
     * at first. May send. (err):
     *   0
     *   LEAT_E_SYSTEM  the back could not send it
     *   LEAT_E_BUSY    the back holds on to one of its pages: it is in
     *                  quarantine, and no peer sees it until it drains
     *   LEAT_E_GONE    the back died, or this domain was resumed: it is lost
     *   LEAT_E_CLOSED, LEAT_E_PROTO
     */
    void (*done)(void *arg, int err);
    void *arg;

    /* Results; of a refusal (why) and (index). */
    uint32_t slots;       /* of the ring, without extras                      */
    size_t bounced;       /* bytes                                            */
    enum leat_reason why; /* of the first bounce, or of the refusal,          */
    size_t index;         /* and of which piece                               */
};

/*
 * Sends the bytes of (pieces), in order, from where they are: the pages in which
 * they lie are granted for it, and revoked when the back has answered. A piece
 * that crosses pages takes a slot for each.
 *
 * What cannot go as it is is copied to pages of the device's, and counted with its
 * reason; LEAT_NETFRONT_STRICT refuses it: pieces without a chunk, or of a chunk
 * whose pool does not serve the back alone or does not zero always, or that was
 * adopted (LEAT_WHY_PEER); whose pages have other owners' bytes beside
 * (LEAT_WHY_NEIGHBOURS); the last ones, where there are more slots than a frame
 * may have (LEAT_WHY_SEGMENTS); all, where the store asks for the strict mode
 * (LEAT_WHY_POLICY). And pages that the back can write already, as all that are
 * born granted (LEAT_WHY_ACCESS; strict: LEAT_E_ACCESS).
 *
 * Owner:   the bytes must not be changed until (done); the chunk may be put at
 *          once, and goes back when the back has let go.
 * Errors: nothing is sent:
 *   those of leat_netfront_send(), but of (fill)
 *   LEAT_E_PEER, LEAT_E_SEGMENTS, LEAT_E_ACCESS  strict
 *   LEAT_E_RANGE   a view that is not in its chunk
 *   LEAT_E_STALE   a void view, or chunk
 *   those of leat_grant_share()
 */
LEAT_API int leat_netfront_give(struct leat_netfront *f,
                                struct leat_netfront_give *give);

/* Tells the back of what was sent. */
LEAT_API int leat_netfront_push(struct leat_netfront *f);

/* ---------------------------------------------------------------- polling */

/*
 * Takes up to (budget) answers of each ring, whatever the peer does (XSA-391),
 * and calls (receive) and (done); gives the back pages to fill; tells it of what
 * was sent. (*more): call again before sleeping. Asks to be woken unless there is
 * more; leat_netfront_spin() does not, for who looks again anyway.
 *
 * Errors:  those of the store. A back that lies is no error of these: it is
 *          told by LEAT_NETFRONT_BROKEN.
 */
LEAT_API int leat_netfront_poll(struct leat_netfront *f, uint32_t budget,
                                bool *more);
LEAT_API int leat_netfront_spin(struct leat_netfront *f, uint32_t budget,
                                bool *more);

/*
 * Gives a piece of a SHARED frame back, which is void afterwards. The back gets its
 * page by the next poll, if it is its turn.
 * Errors:  LEAT_E_STALE  it was given back
 */
LEAT_API int leat_netfront_done(struct leat_netfront *f,
                                struct leat_netfront_piece *piece);

/*
 * Adds an address of multicast to those that are to come, or removes it. It is
 * told again to each back.
 *
 * Errors:  LEAT_E_LIMIT  config.filter addresses are named
 *          LEAT_E_INVALID  also: no address of multicast
 */
LEAT_API int leat_netfront_multicast(struct leat_netfront *f,
                                     const uint8_t mac[LEAT_NET_MAC], bool add);

/*
 * Asks the back to filter multicast, or not to: at once where info.dynamic, else
 * when it connects anew.
 */
LEAT_API int leat_netfront_filter(struct leat_netfront *f, bool on);

/* Whether it is connected. And why it broke: one line, "" if it did not. Owner:
 * the text is borrowed from (f). */
LEAT_API bool leat_netfront_connected(const struct leat_netfront *f);
LEAT_API const char *leat_netfront_text(const struct leat_netfront *f);

/* Counters, of all queues that there were, and gauges. */
struct leat_netfront_stats {
    uint64_t tx_frames; /* put into the ring                                  */
    uint64_t tx_bytes;
    uint64_t tx_slots;
    uint64_t tx_gso;
    uint64_t tx_okay;    /* answered: sent,                                   */
    uint64_t tx_failed;  /* or not                                            */
    uint64_t tx_lost;    /* under way when it disconnected                    */
    uint64_t tx_bounced; /* frames of which any was                           */

    uint64_t rx_frames; /* told                                               */
    uint64_t rx_bytes;
    uint64_t rx_slots;
    uint64_t rx_gso;
    uint64_t rx_failed;  /* not told: the back could not write one of its
                            pages,                                            */
    uint64_t rx_refused; /* it has too many slots, or is too short or too long,
                            or extras contradict each other,                  */
    uint64_t rx_lost;    /* or there was no memory for it                     */
    uint64_t rx_held;    /* REVOKE: or the back held on to a page             */

    uint64_t shares, revokes; /* grant operations of frames; the device's own
                                 pages are shared once, and not in this       */
    uint64_t held;            /* revokes where the peer held on               */
    uint64_t copied_bytes;    /* payload                                      */
    uint64_t notifies;        /* times the back was woken                     */
    uint64_t controls;        /* messages of the control ring                 */
    uint64_t controls_refused; /* of them, those that the back refused        */
    uint64_t connects;

    /* Gauges. */
    uint64_t tx_under_way; /* slots                                           */
    uint64_t rx_posted;    /* pages that the back may fill                    */
    uint64_t rx_out;       /* SHARED: pages that readers have                 */
    uint64_t pages;        /* of the device's own, that are granted           */
    uint64_t statics;      /* pages that the back has mapped for good         */
};

LEAT_API int leat_netfront_stats(const struct leat_netfront *f,
                                 struct leat_netfront_stats *out);

/* What was copied: payload and bounces, with reasons; slots of rings. Owner:
 * borrowed from (f). */
LEAT_API const struct leat_copies *leat_netfront_copies(
    const struct leat_netfront *f);
LEAT_API const struct leat_copies *leat_netfront_messages(
    const struct leat_netfront *f);

/* Verifies the invariants: NULL, or which is broken. */
LEAT_API const char *leat_netfront_check(const struct leat_netfront *f);

LEAT_END_DECLS

#endif

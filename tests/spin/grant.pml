/* SPDX-License-Identifier: ISC */
/*
 * The grant layer's theory, for spin: the life of a grant (private, shared,
 * revoking, quarantined), against a peer that does what it likes.
 *
 * One domain, the sharer, has a pool of pages and a pool of references. Its
 * library calls exclude each other, so they are one process that makes any call
 * in any order; between any two steps of a call a peer may act. A round of the
 * sharer is one look at the quarantine and one call. The hypervisor, the honest
 * peer and the hostile one are in peers.pml.
 *
 *   V1  a page that is free or private is mapped by nobody   (ltl never_free)
 *   V2  a reference is given out only when its entry is unused
 *   V3  what a peer sees is zeros or its own
 *   V4  a page that comes from the pool holds no peer's bytes
 *   V5  a call acts on the entry of its own handle, and on no later one
 *   V6  no mapping lives on into a new generation
 *   V7  a page does not stay quarantined once its peer has let go and keeps
 *       from it, the sharer being scheduled                  (ltl back)
 *   V8  nobody is stuck: no invalid end state
 *   V9  no call of the sharer waits for a peer               (ltl goes_on)
 *
 *   state       | entry's flags      | on            | becomes
 *   FREE        | 0                  | get           | PRIVATE
 *   PRIVATE     | 0                  | put           | FREE
 *   PRIVATE     | 0                  | share         | SHARED
 *   SHARED      | permit, any marks  | revoke        | REVOKING
 *   SHARED      | 0, by the one try  | resume        | PRIVATE, zeroed; stale
 *   SHARED      | 0, by the one try  | resume        | SHARED anew (persistent)
 *   SHARED      | 0, by the one try  | cancelled     | SHARED as before
 *   REVOKING    | 0, by the one try  |               | FREE, zeroed
 *   REVOKING    | permit, marks      |               | QUARANTINED
 *   QUARANTINED | 0, by the one try  | poll, suspend | FREE, zeroed
 *
 * A private page is FREE and PRIVATE here: in the pool, or with an owner.
 * Whether a grant is persistent matters at a resume alone, and is chosen there.
 *
 * What is not here: more than one mapping of a reference by a peer (Xen counts
 * them, and clears the marks at the last); the order in which references are
 * given out (any order is allowed here); a lack of references, as there are as
 * many as pages; grant copy; the death of the sharer; weak memory, as each step
 * is seen by all at once; calls of the sharer that overlap, which concern
 * different entries, as the library refuses a second call on one share.
 *
 * check.sh compiles it as it is, which must hold, and once with each of these,
 * in which spin must find an error:
 *
 *   BROKEN_LOOK_THEN_ACT  revoke looks for marks, then clears (XSA-396)
 *   BROKEN_NO_ZERO        a page is not zeroed when it comes back
 *   BROKEN_ZERO_EARLY     it is, but before the peer has lost it
 *   BROKEN_SHOW_DIRTY     a page is not zeroed before it is shown (XSA-403)
 *   BROKEN_PUBLISH_FIRST  an entry's flags are written before its frame
 *   BROKEN_REUSE_REF      a reference that was not revoked is given back
 *   BROKEN_RESUME_KEEPS   a resume leaves old handles as they are (XSA-465)
 *   BROKEN_FORCED         a suspend goes on though a grant is in use
 *   BROKEN_FORGET         nobody polls the quarantine
 *   BROKEN_LOSE_REF       a reference that was revoked is not given back
 *   BROKEN_WAIT           revoke waits until the peer lets go
 *
 * A run's directory, tests/spin/run/NAME in the build, keeps the model, how it
 * was compiled (defines), and the steps to an error (grant.pml.trail). To see
 * the steps:
 *
 *     cd tests/spin/run/BROKEN_X && spin -t -p -g $(cat defines) grant.pml
 */

/* For a claim alone: bytes, which only assertions look at, are left out. */
#ifdef CLAIMS_ALONE
#define must(condition) skip
#define put_bytes(p, whose) skip
#else
#define must(condition) assert(condition)
#define put_bytes(p, whose) bytes[p] = whose
#endif

#define PAGES 2
#define REFS 2
#define GENERATIONS 1 /* so many resumes at most */

/* Domains, and whose bytes a page holds. */
#define HONEST 0
#define HOSTILE 1
#define ZEROS 2
#define SECRET 3 /* the sharer's own */

/* struct grant_entry_v1's flags, in xen/grant_table.h. */
#define PERMIT 1
#define READONLY 4
#define READING 8
#define WRITING 16

#define FREE 0
#define PRIVATE 1
#define SHARED 2
#define REVOKING 3
#define QUARANTINED 4

/* The grant table, which the sharer and the hypervisor write. */
byte flags[REFS];
byte domid[REFS];
byte frame[REFS];

/* The hypervisor's own: the page that a peer has mapped by a reference, plus
   one, or 0; and whether writable. */
byte map_page[4];
bit map_writable[4];

/* What the pages hold. */
byte bytes[PAGES];

/* The sharer's own (R1): nothing of it lies where a peer can write. A handle is
   (ref, gen); what it wrote as flags is what the one try expects. */
byte state[PAGES];
byte ref[PAGES];
byte gen[PAGES];
byte wrote[PAGES];
bit ref_out[REFS];
byte now; /* the generation */

#define AT(dom, r) ((dom) * REFS + (r))
#define SEEN(dom, r) bytes[map_page[AT(dom, r)] - 1]
#define MAPPED(p) \
    (map_page[0] == (p) + 1 || map_page[1] == (p) + 1 || \
     map_page[2] == (p) + 1 || map_page[3] == (p) + 1)
#define LOOSE(p) ((state[p] == FREE || state[p] == PRIVATE) && MAPPED(p))
#define LOST(p) (state[p] == QUARANTINED && !MAPPED(p))

#include "peers.pml"

/* --------------------------------------------------------------- library */

inline zero(p)
{
    put_bytes(p, ZEROS)
}

/* There are as many references as pages, so there is one. */
inline ref_get(p)
{
    if
    :: !ref_out[0] -> ref[p] = 0
    :: !ref_out[1] -> ref[p] = 1
    fi;
    must(flags[ref[p]] == 0); /* V2 */
    ref_out[ref[p]] = 1;
    gen[p] = now
}

/* The frame and the domain, and only then the flags. */
inline publish(p, dom)
{
#ifdef BROKEN_PUBLISH_FIRST
    flags[ref[p]] = wrote[p];
    d_step { domid[ref[p]] = dom; frame[ref[p]] = p }
#else
    d_step { domid[ref[p]] = dom; frame[ref[p]] = p };
    flags[ref[p]] = wrote[p]
#endif
}

/* One atomic try: done says whether the peer had let go. */
inline try(p)
{
    must(frame[ref[p]] == p); /* V5 */
#ifdef BROKEN_LOOK_THEN_ACT
    done = !(flags[ref[p]] & (READING | WRITING));
    if
    :: done -> flags[ref[p]] = 0
    :: else
    fi
#else
    d_step {
        done = flags[ref[p]] == wrote[p];
        if
        :: done -> flags[ref[p]] = 0
        :: else
        fi
    }
#endif
}

inline forget(p)
{
    d_step {
        ref[p] = 0;
        gen[p] = 0;
        wrote[p] = 0
    }
}

/* The peer has let go: zeroed while nobody can see it, then free. */
inline reclaim(p)
{
#if !defined BROKEN_NO_ZERO && !defined BROKEN_ZERO_EARLY
    zero(p);
#endif
    d_step {
#ifndef BROKEN_LOSE_REF
        ref_out[ref[p]] = 0;
#endif
        frame[ref[p]] = 0;
        domid[ref[p]] = 0;
        state[p] = FREE
    };
    forget(p)
}

inline get(p)
{
    atomic {
        must(bytes[p] == ZEROS || bytes[p] == SECRET); /* V4 */
        state[p] = PRIVATE;
        put_bytes(p, SECRET)
    }
}

inline share(p)
{
    atomic {
        ref_get(p);
        if
        :: dom = HONEST
        :: dom = HOSTILE
        fi;
        if
        :: wrote[p] = PERMIT
        :: wrote[p] = PERMIT | READONLY
        fi;
        state[p] = SHARED
    };
#ifndef BROKEN_SHOW_DIRTY
    zero(p);
#endif
    publish(p, dom);
    dom = 0
}

inline revoke(p)
{
    if
#ifndef BROKEN_RESUME_KEEPS
    :: gen[p] != now -> forget(p) /* LEAT_E_STALE: the page is the owner's */
#endif
    :: else ->
        state[p] = REVOKING;
#ifdef BROKEN_ZERO_EARLY
        zero(p);
#endif
#ifdef BROKEN_WAIT
        flags[ref[p]] == wrote[p];
#endif
        try(p);
        if
        :: done -> reclaim(p)
        :: else ->
            state[p] = QUARANTINED; /* LEAT_E_BUSY */
#ifdef BROKEN_REUSE_REF
            ref_out[ref[p]] = 0
#endif
        fi
    fi;
    done = 0
}

inline poll(p)
{
    try(p);
    if
    :: done -> reclaim(p)
    :: else
    fi;
    done = 0
}

/* Before: each access is ended, or the suspend is refused. */
inline suspend()
{
    p = 0;
    do
    :: p < PAGES ->
        if
        :: state[p] == SHARED && gen[p] == now ->
            try(p);
            ended[p] = (done -> domid[ref[p]] + 1 : 0);
            refused = refused || !done
        :: state[p] == QUARANTINED ->
            try(p);
            if
            :: done -> reclaim(p)
            :: else -> refused = 1
            fi
        :: else
        fi;
        done = 0;
        p++
    :: else -> break
    od
}

/* After a resume: the table is empty, and of a new generation. */
inline resume()
{
    d_step {
#ifndef BROKEN_FORCED
        must(flags[0] == 0 && flags[1] == 0); /* V6 */
#endif
        must(!MAPPED(0) && !MAPPED(1)); /* V6 */
        flags[0] = 0;
        flags[1] = 0;
        frame[0] = 0;
        frame[1] = 0;
        ref_out[0] = 0;
        ref_out[1] = 0;
        now++
    };
    p = 0;
    do
    :: p < PAGES && ended[p] ->
        if
#ifndef BROKEN_RESUME_KEEPS
        :: dom = ended[p] - 1; /* persistent */
            atomic { ref_get(p) };
            publish(p, dom);
            dom = 0
        :: zero(p);
            state[p] = PRIVATE /* its owner is told, its handle stale */
#else
        :: true
#endif
        fi;
        ended[p] = 0;
        p++
    :: p < PAGES && !ended[p] -> p++
    :: else -> break
    od
}

/* After a suspend that was refused: what was ended is granted as before. */
inline cancelled()
{
    p = 0;
    do
    :: p < PAGES ->
        if
        :: ended[p] -> flags[ref[p]] = wrote[p]
        :: else
        fi;
        ended[p] = 0;
        p++
    :: else -> break
    od
}

active proctype sharer()
{
    byte p;
    byte dom;
    bit done; /* by the latest try */
    bit refused;
    byte ended[PAGES]; /* by a suspend: the peer plus one, or 0 */

    d_step { bytes[0] = ZEROS; bytes[1] = ZEROS };

round:
    do
    ::
#ifndef BROKEN_FORGET
        do
        :: p < PAGES && state[p] == QUARANTINED -> poll(p); p++
        :: p < PAGES && state[p] != QUARANTINED -> p++
        :: else -> break
        od;
#endif
        select(p : 0 .. PAGES - 1);
        if
        :: state[p] == FREE -> get(p)
        :: state[p] == PRIVATE && wrote[p] == 0 -> state[p] = FREE
        :: state[p] == PRIVATE && wrote[p] == 0 -> share(p)
        :: state[p] != QUARANTINED && wrote[p] != 0 -> revoke(p)
        :: now < GENERATIONS ->
            suspend();
#ifdef BROKEN_FORCED
            refused = 0;
#endif
            if
            :: refused -> cancelled()
            :: else -> resume()
            fi;
            refused = 0
        :: else /* the peer holds it: nothing waits for that */
        fi;
        p = 0
    od
}

/* ---------------------------------------------------------------- claims */

ltl never_free { [] !(LOOSE(0) || LOOSE(1)) }
ltl goes_on { []<> (sharer@round) }
ltl back { !<>[] LOST(0) && !<>[] LOST(1) }

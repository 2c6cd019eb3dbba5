/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_PLAN_H
#define LEAT_SRC_PLAN_H

/*
 * How views leave as segments: decided in plan.c, fit.c and walk.c, done in
 * export.c.
 *
 * A plan keeps nothing of single views, for it has no memory to keep it in. It is
 * a *walk*, which gives the same fragments each time it is made of the same plan,
 * unless memory came to the owner or left it: once to count, once to export.
 */

#include <leat/export.h>

/*
 * The fields of struct leat_plan, which is laid out in export.h because an export
 * holds one:
 *
 *   set before        views, n     struct leat_view, or leat_cview if read_only
 *                     read_only
 *                     need         leat_plan_init() makes align and multiple 1
 *                                  where they are 0
 *                     mode, dir, owner
 *                     max_segs     no walk gives more segments
 *   worked out        longest      segment that meets the constraint
 *                     step         a view is cut only at multiples of it
 *   chosen            from         views from here on are copied in any case
 *                     room         no walk reaches further into bounce memory
 *   found out         nsegs
 *                     bounce_bytes of memory, with the gaps in it
 *                     bounced_views, bounced_bytes
 *                     why, index   of the first bounce, or of the failure
 */

/* A piece of one view, in one segment: the smallest thing that a walk gives. */
struct leat_fragment {
    unsigned char *data; /* where the caller has it                        */
    size_t len;
    size_t segment;       /* bytes of the segment that begins here, or 0    */
    size_t at;            /* if bounced: where in the bounce memory         */
    enum leat_reason why; /* why it is bounced, or LEAT_WHY_NONE            */
    size_t index;         /* of its view                                    */
    bool first;           /* of its view                                    */
};

/* Zero it to begin. */
struct leat_walk {
    size_t i;       /* the view to go on with                               */
    size_t off;     /* and where in it                                      */
    size_t run;     /* bytes that are left of the views copied in a row     */
    size_t segment; /* bytes that are left of the bounce segment            */
    size_t at;      /* where the next byte is bounced to                    */
    size_t odd;     /* bytes over a multiple, in the run so far             */
    size_t nsegs;   /* segments begun                                       */
    enum leat_reason why; /* of view i; when the walk fails: what it was    */
};

/* Works out what follows from the constraint, which is a good one. */
void leat_plan_init(struct leat_plan *p);

/* Bytes from address or offset (x) to the next boundary; SIZE_MAX without. */
static inline size_t leat_plan_to_boundary(const struct leat_plan *p,
                                           uintptr_t x)
{
    size_t b = p->need.boundary;

    return b ? b - (size_t)(x & (b - 1)) : SIZE_MAX;
}

/* View (i), of either kind. */
struct leat_view leat_plan_view(const struct leat_plan *p, size_t i);

/* The longest good first piece of (len) bytes at (addr); 0: there is none. */
size_t leat_plan_piece(const struct leat_plan *p, uintptr_t addr, size_t len);

/* Why (v), of more than 0 bytes, cannot leave as it is. */
enum leat_reason leat_plan_offence(const struct leat_plan *p,
                                   struct leat_view v);

/* Why memory that is not the owner's is an offender; what a refusal gives. */
enum leat_reason leat_plan_foreign(const struct leat_plan *p);
int leat_plan_refusal(enum leat_reason why);

/*
 * Gives the next fragment: 1; 0 at the end; or an error, of view w->i.
 */
int leat_plan_next(const struct leat_plan *p, struct leat_walk *w,
                   struct leat_fragment *f);

/*
 * Finds out what the export comes to, and which views must be copied so that
 * there are few enough segments. Gives 0 or an error; (why) and (index) tell more.
 */
int leat_plan_make(struct leat_plan *p);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_SUITE_SEAM_H
#define LEAT_TESTS_SUITE_SEAM_H

/*
 * The seam between the grant layer and what stands under it, whichever that is:
 * operations pass through it and are counted, the k-th fails, and something may
 * happen between any two of them.
 */

#include <leat/grant_ops.h>

struct seam {
    struct leat_share share; /* what stands below */
    struct leat_map map;
    struct leat_share_ops share_ops;
    struct leat_map_ops map_ops;

    unsigned long operations; /* so far                                     */
    unsigned long fail_at;    /* the how manieth from now fails; 0: none    */
    bool failed;              /* it did                                     */

    /*
     * A broken kernel, which looks whether a page is in use, and then acts: what
     * the layer must never stand on is seen to be found.
     */
    bool looks_then_acts;
    uint32_t taken; /* a reference whose page a peer held as it was "ended" */

    /* Before and after each; it may act as a peer. */
    void (*step)(void *arg, const char *what);
    void *arg;
    void (*point)(void *self); /* the fixture's, or NULL */
    void *self;
};

/* Puts (s) between (*share), (*map) and who uses them. */
void seam_put(struct seam *s, struct leat_share *share, struct leat_map *map);

#endif

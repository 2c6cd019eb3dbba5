/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SIM_DOMAIN_H
#define LEAT_SIM_DOMAIN_H

/*
 * A simulated domain's memory and grants.
 *
 * Pages begin as private memory, of leat_sim_backend() or of any other kind
 * that can be mapped over. To be shared they move, a run at a time, into a
 * memfd of their own, a *unit*, which the hypervisor lends to who maps them;
 * when they are concealed again they move to fresh memory, so that an old
 * holder sees nothing new. Addresses and contents stay.
 *
 * The grant table is shared with the hypervisor, with the layout of
 * xen/grant_table.h: leat_gnttab() writes it, as in a unikernel.
 */

#include <leat/backend.h>
#include <leat/event.h>
#include <leat/gnttab.h>
#include <leat/grant_ops.h>
#include <leat/lifecycle.h>
#include <leat/sim.h>
#include <leat/store.h>

LEAT_BEGIN_DECLS

/* The most pages of one unit. */
#define LEAT_SIM_UNIT_PAGES 65536u

/*
 * Slabs of private anonymous memory, which tell the frames of pages that are
 * exposed. Owner: borrowed from (d), and must not outlive it.
 */
LEAT_API struct leat_backend leat_sim_backend(struct leat_sim_domain *d);

/*
 * Sets the fields of (g) to this domain's table and to the calls below.
 * Owner:   frames are borrowed from (d).
 * Errors:  LEAT_E_INVALID
 */
LEAT_API int leat_sim_gnttab(struct leat_sim_domain *d, struct leat_gnttab *g);

/* The pages of the table, each of 512 entries, and how many there are. */
LEAT_API void *const *leat_sim_frames(struct leat_sim_domain *d, uint32_t *n);

/*
 * Moves (n) private pages at (base) into a unit, sealed against writing by
 * others if for reading only; and back those of them that are in one. A conceal
 * that fails can be tried again.
 *
 * Owner:   the addresses stay the caller's. Nothing may write to them
 * meanwhile. Errors:  LEAT_E_INVALID  (base) is not aligned, (n) is 0 or too
 * many
 *          LEAT_E_BUSY     expose: a page of them is exposed already
 *          LEAT_E_LIMIT, LEAT_E_NOMEM; LEAT_E_GONE from expose
 */
LEAT_API int leat_sim_expose(struct leat_sim_domain *d, void *base, size_t n,
                             enum leat_access access);
LEAT_API int leat_sim_conceal(struct leat_sim_domain *d, void *base, size_t n);

/* Gives the frame number of an exposed page. Errors: LEAT_E_FOREIGN. */
LEAT_API int leat_sim_frame(struct leat_sim_domain *d, const void *page,
                            uint32_t *frame);

/*
 * Maps and copies what others granted. Its unmap gives LEAT_E_INVALID for what
 * is not mapped, or not as a whole.
 */
LEAT_API struct leat_map leat_sim_map(struct leat_sim_domain *d);

/*
 * Its event channels and its store. A notification goes from domain to domain,
 * without the hypervisor.
 */
LEAT_API struct leat_events leat_sim_events(struct leat_sim_domain *d);
LEAT_API struct leat_store leat_sim_store(struct leat_sim_domain *d);

/* Tells whether this domain was asked to suspend. */
LEAT_API bool leat_sim_suspend_asked(struct leat_sim_domain *d);

/*
 * Suspends, after it was asked to: runs the hooks of (list), tells the
 * hypervisor, and returns when it was resumed, and the hooks were told which it
 * was. (*how), unless NULL, is the same. After LEAT_RESUMED the table is empty,
 * event channels are closed, and pages that were exposed are private.
 *
 * Errors:  that of the hook that refused, which is (*refused), unless NULL: the
 *          domain goes on
 *          LEAT_E_STATE  it was not asked, or is no more
 *          LEAT_E_GONE   hooks were told that it was cancelled
 */
LEAT_API int leat_sim_suspend(struct leat_sim_domain *d,
                              struct leat_lifecycle *list,
                              enum leat_resumed *how,
                              struct leat_hook **refused);

/* Gives how often this domain was resumed. */
LEAT_API uint32_t leat_sim_generation(const struct leat_sim_domain *d);

LEAT_END_DECLS

#endif

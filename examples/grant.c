/* SPDX-License-Identifier: ISC */

/*
 * Two processes, over a simulation: one shares a page, the other maps it and
 * writes; the page is not free before the other has let go, and comes back as
 * zeros.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <leat/grant.h>
#include <leat/grant_map.h>
#include <leat/leat.h>
#include <leat/sim_domain.h>

#define OWNER 1
#define PEER  2

static const char *place;

static int failed(const char *what, int err)
{
    fprintf(stderr, "grant: %s: %s\n", what, leat_strerror(err));
    return 1;
}

#define TRY(call)                       \
    do {                                \
        int err_ = (call);              \
        if (err_)                       \
            return failed(#call, err_); \
    } while (0)

/* Maps the page that was granted to it, writes one byte, and waits. */
static int peer(int from, int to)
{
    struct leat_grants_config config = {0};
    struct leat_sim_domain *self;
    struct leat_grants *table;
    struct leat_gref gref = {.domain = OWNER};
    struct leat_mapping mapping;
    struct leat_shared bytes;
    uint8_t first;

    if (read(from, &gref.ref, sizeof gref.ref) != sizeof gref.ref)
        return 1;
    TRY(leat_sim_join(place, PEER, &self));
    config.map = leat_sim_map(self);
    config.backend = leat_sim_backend(self);
    TRY(leat_grants_create(&table, &config));
    TRY(leat_grant_map(table, &gref, 1, LEAT_READ_WRITE, NULL, &mapping));

    /* What another can write is no pointer: it is read once, and written. */
    TRY(leat_mapping_shared(mapping, LEAT_READ_WRITE, &bytes));
    TRY(leat_shared_read_u8(bytes, 0, &first));
    TRY(leat_shared_write_u8(bytes, 1, (uint8_t)(first + 1)));
    if (write(to, "m", 1) != 1 || read(from, &first, 1) != 1)
        return 1;

    TRY(leat_grant_unmap(mapping));
    if (write(to, "u", 1) != 1)
        return 1;
    TRY(leat_grants_destroy(table));
    TRY(leat_sim_leave(self));
    return 0;
}

static int owner(int from, int to)
{
    struct leat_grants_config config = {0};
    struct leat_pool_config pages = {.zero = LEAT_ZERO_ALWAYS};
    struct leat_grants_stats stats;
    struct leat_sim_domain *self;
    struct leat_gnttab gnttab = {0};
    struct leat_grants *table;
    struct leat_grant grant;
    struct leat_pool *pool;
    struct leat_chunk chunk;
    unsigned char *page;
    size_t drained = 0;
    uint32_t ref;
    char told;
    int err;

    TRY(leat_sim_join(place, OWNER, &self));
    pages.backend = leat_sim_backend(self);
    TRY(leat_pool_create(&pool, &pages));
    TRY(leat_sim_gnttab(self, &gnttab));
    config.share = leat_gnttab(&gnttab);
    config.backend = leat_sim_backend(self);
    TRY(leat_grants_create(&table, &config));

    TRY(leat_pool_get(pool, 1, &chunk));
    page = leat_chunk_view(chunk).data;
    page[0] = 41;
    TRY(leat_grant_share(table, chunk, PEER, LEAT_READ_WRITE, &grant));
    TRY(leat_grant_ref(grant, &ref));
    if (write(to, &ref, sizeof ref) != sizeof ref || read(from, &told, 1) != 1)
        return 1;
    printf("reference %u is mapped, and the peer wrote %d\n", ref, page[1]);
    if (page[1] != 42)
        return 1;

    /* One try. The page is the grant's now, until the peer has let go. */
    err = leat_grant_revoke(grant);
    printf("revoke: %s\n", leat_strerror(err));
    TRY(leat_grants_stats(table, &stats));
    if (err != LEAT_E_BUSY || stats.quarantined != 1)
        return 1;

    if (write(to, "r", 1) != 1 || read(from, &told, 1) != 1)
        return 1;
    TRY(leat_grant_poll(table, 16, &drained));
    printf("the peer has let go: %zu drained, the byte is %d\n", drained,
           page[1]);
    if (drained != 1 || page[1] != 0)
        return 1;
    TRY(leat_pool_put(pool, chunk));
    TRY(leat_grants_destroy(table));
    TRY(leat_pool_destroy(pool));
    TRY(leat_sim_leave(self));
    return 0;
}

int main(void)
{
    char base[] = "/tmp/leat-grant.XXXXXX", dir[sizeof base + 2];
    int there[2], back[2], status = 1, rc = 1;
    pid_t child;

    if (!mkdtemp(base) || pipe(there) || pipe(back))
        return 1;
    snprintf(dir, sizeof dir, "%s/d", base);
    place = dir;
    if (leat_sim_start(place, NULL))
        goto out;
    child = fork();
    if (child == 0) {
        close(there[1]);
        close(back[0]);
        _exit(peer(there[0], back[1]));
    }
    close(there[0]);
    close(back[1]);
    if (child > 0) {
        rc = owner(back[0], there[1]);
        close(there[1]);
        waitpid(child, &status, 0);
    }
    leat_sim_stop(place);
out:
    rmdir(base);
    return rc || status;
}

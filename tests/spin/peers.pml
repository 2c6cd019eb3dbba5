/* SPDX-License-Identifier: ISC */
/*
 * The other side of grant.pml. The hypervisor is the macros of its name: each
 * is one atomic step, as in Xen. The honest peer maps what is granted to it,
 * and lets go. The hostile one maps any reference at any step, writes, lets go
 * or never does, and may die; the hypervisor then lets go for it.
 */

/* ------------------------------------------------------------ hypervisor */

/* Refused unless the entry permits it; else marked, by one atomic operation. */
inline hypervisor_map(dom, r, write)
{
    d_step {
        if
        :: map_page[AT(dom, r)] == 0 && (flags[r] & PERMIT) &&
           domid[r] == dom && !(write && (flags[r] & READONLY)) ->
            flags[r] = flags[r] | READING | (write -> WRITING : 0);
            map_page[AT(dom, r)] = frame[r] + 1;
            map_writable[AT(dom, r)] = write
        :: else
        fi
    }
}

inline hypervisor_unmap(dom, r)
{
    d_step {
        if
        :: map_page[AT(dom, r)] != 0 ->
            flags[r] = flags[r] & ~(READING | WRITING);
            map_page[AT(dom, r)] = 0;
            map_writable[AT(dom, r)] = 0
        :: else
        fi
    }
}

/* Sees the page, and writes to it where it may. */
inline peer_access(dom, r)
{
    d_step {
        if
        :: map_page[AT(dom, r)] != 0 ->
            must(SEEN(dom, r) == ZEROS || SEEN(dom, r) == dom); /* V3 */
            if
            :: map_writable[AT(dom, r)] -> SEEN(dom, r) = dom
            :: else
            fi
        :: else
        fi
    }
}

/* ----------------------------------------------------------------- peers */

active proctype honest()
{
    byte r;

    do
    :: atomic {
            if
            :: (flags[0] & PERMIT) && domid[0] == HONEST -> r = 0
            :: (flags[1] & PERMIT) && domid[1] == HONEST -> r = 1
            fi;
            if
            :: hypervisor_map(HONEST, r, 0)
            :: hypervisor_map(HONEST, r, 1)
            fi
        };
#ifndef CLAIMS_ALONE
        peer_access(HONEST, r);
#endif
        atomic {
            hypervisor_unmap(HONEST, r);
            r = 0
        }
    od
}

active proctype hostile()
{
    byte r;

    do
    :: atomic {
            select(r : 0 .. REFS - 1);
            hypervisor_map(HOSTILE, r, 0);
            r = 0
        }
    :: atomic {
            select(r : 0 .. REFS - 1);
            hypervisor_map(HOSTILE, r, 1);
            r = 0
        }
#ifndef CLAIMS_ALONE
    :: atomic {
            select(r : 0 .. REFS - 1);
            peer_access(HOSTILE, r);
            r = 0
        }
#endif
    :: atomic {
            select(r : 0 .. REFS - 1);
            hypervisor_unmap(HOSTILE, r);
            r = 0
        }
    :: break
    od;

    /* Dead: the hypervisor lets go for it, one mapping after the other. */
    r = 0;
    do
    :: r < REFS ->
        atomic { hypervisor_unmap(HOSTILE, r); r++ }
    :: else -> break
    od
}

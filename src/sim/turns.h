/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_SIM_TURNS_H
#define LEAT_SRC_SIM_TURNS_H

/* Whose turn it is, among threads of which one runs at a time. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define TURNS_MAX 64u

enum turn_state {
    TURN_NONE = 0,
    TURN_READY,
    TURN_WAITING, /* for its descriptor, or its time */
    TURN_DONE,
};

struct turn {
    enum turn_state state;
    int fd;           /* -1: none           */
    uint64_t wake_ns; /* UINT64_MAX: never  */
    pthread_t thread;
    pthread_cond_t cond;
};

struct turns {
    pthread_mutex_t lock;
    struct turn turn[TURNS_MAX];
    uint32_t n;
    uint32_t now; /* whose it is */
    bool running;
    bool stuck; /* all waited for ever */
    uint64_t random;
    uint64_t clock_ns;
    uint64_t step_ns;
    uint64_t count;
    uint64_t trace;
};

void sim_turns_init(struct turns *t, uint64_t seed, uint64_t step_ns);
void sim_turns_fini(struct turns *t);

/* The calling thread's number; TURNS_MAX: it is none of them. */
uint32_t sim_turns_me(const struct turns *t);

/* Passes the turn on, perhaps to the caller. */
void sim_turns_pass(struct turns *t);

/* Waits until (fd) is readable or the time has come; false: it is in vain. */
bool sim_turns_wait(struct turns *t, int fd, uint64_t wake_ns);

/* In a thread (i): waits for its first turn; gives it up for good. */
void sim_turns_enter(struct turns *t, uint32_t i);
void sim_turns_leave(struct turns *t);

/* Gives the first turn. */
void sim_turns_begin(struct turns *t);

#endif

/* SPDX-License-Identifier: ISC */

/* Rules of faults, as calls and as text. */

#include <errno.h>
#include <stdio.h>

#include <leat/sim_fault.h>

#include "domain.h"

_Static_assert((int)LEAT_SIM_OP_REGISTER == (int)SIM_REGISTER &&
                   (int)LEAT_SIM_OP_COPY == (int)SIM_COPY &&
                   (int)LEAT_SIM_OP_PORT_CLOSE == (int)SIM_PORT_CLOSE &&
                   (int)LEAT_SIM_OP_STORE == (int)SIM_STORE &&
                   (int)LEAT_SIM_OP_SUSPENDED == (int)SIM_SUSPENDED,
               "operations have the numbers of the wire");
_Static_assert((int)LEAT_SIM_FAIL == (int)SIM_FAULT_FAIL &&
                   (int)LEAT_SIM_DELAY == (int)SIM_FAULT_DELAY &&
                   (int)LEAT_SIM_KEEP == (int)SIM_FAULT_KEEP,
               "so have actions");

static int tell(struct leat_sim_domain *d, const struct sim_fault *f)
{
    int err;

    memcpy(sim_begin(d, sizeof(*f)), f, sizeof(*f));
    err = sim_exchange(d, SIM_FAULT, 1, -1);
    sim_end(d);
    return err;
}

int leat_sim_fault_add(struct leat_sim_domain *d,
                       const struct leat_sim_fault *fault)
{
    struct sim_fault f;

    if (!d || !fault || !fault->action)
        return LEAT_E_INVALID;
    f = (struct sim_fault){
        .domain = fault->domain,
        .op = fault->op,
        .action = fault->action,
        .skip = fault->skip,
        .times = fault->times,
        .arg = fault->value,
    };
    return tell(d, &f);
}

int leat_sim_fault_clear(struct leat_sim_domain *d, uint32_t domain)
{
    struct sim_fault f = {.domain = domain};

    return d ? tell(d, &f) : LEAT_E_INVALID;
}

/* ------------------------------------------------------------------- text */

struct word {
    const char *text;
    uint32_t value;
};

static const struct word ops[] = {
    {"any", LEAT_SIM_OP_ANY},
    {"register", LEAT_SIM_OP_REGISTER},
    {"conceal", LEAT_SIM_OP_CONCEAL},
    {"map", LEAT_SIM_OP_MAP},
    {"unmap", LEAT_SIM_OP_UNMAP},
    {"copy", LEAT_SIM_OP_COPY},
    {"port-alloc", LEAT_SIM_OP_PORT_ALLOC},
    {"port-bind", LEAT_SIM_OP_PORT_BIND},
    {"port-close", LEAT_SIM_OP_PORT_CLOSE},
    {"store", LEAT_SIM_OP_STORE},
    {"suspended", LEAT_SIM_OP_SUSPENDED},
    {NULL, 0},
};

static const struct word actions[] = {
    {"fail", LEAT_SIM_FAIL},
    {"delay", LEAT_SIM_DELAY},
    {"keep", LEAT_SIM_KEEP},
    {NULL, 0},
};

static const struct word errnos[] = {
    {"EAGAIN", EAGAIN}, {"ENOSPC", ENOSPC}, {"ENOMEM", ENOMEM},
    {"EINVAL", EINVAL}, {NULL, 0},
};

static bool take_word(const char **at, const struct word *words, uint32_t *out)
{
    size_t len = strcspn(*at, ":=@+*,");

    for (; words->text; words++) {
        if (strlen(words->text) == len && !memcmp(words->text, *at, len)) {
            *out = words->value;
            *at += len;
            return true;
        }
    }
    return false;
}

static bool take_number(const char **at, uint32_t *out)
{
    unsigned long value;
    char *end;

    if (**at < '0' || **at > '9')
        return false;
    errno = 0;
    value = strtoul(*at, &end, 10);
    if (errno || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    *at = end;
    return true;
}

static bool take_rule(const char **at, struct leat_sim_fault *f)
{
    uint32_t op, action;
    char sign;
    bool good;

    *f = (struct leat_sim_fault){.domain = LEAT_SIM_ANY};
    if (!take_word(at, ops, &op) || *(*at)++ != ':' ||
        !take_word(at, actions, &action))
        return false;
    f->op = (enum leat_sim_op)op;
    f->action = (enum leat_sim_action)action;
    if ((**at == '=') != (f->action != LEAT_SIM_KEEP))
        return false;
    while (**at && **at != ',') {
        sign = *(*at)++;
        good = sign == '=' ? take_number(at, &f->value) ||
                                 (f->action == LEAT_SIM_FAIL &&
                                  take_word(at, errnos, &f->value))
               : sign == '@' ? take_number(at, &f->domain)
               : sign == '+' ? take_number(at, &f->skip)
               : sign == '*' ? take_number(at, &f->times)
                             : false;
        if (!good)
            return false;
    }
    return true;
}

int leat_sim_fault_parse(const char *text, struct leat_sim_fault *faults,
                         size_t max, size_t *n)
{
    struct leat_sim_fault f;
    size_t have = 0;

    if (!text || !faults || !n)
        return LEAT_E_INVALID;
    for (; *text; text += *text == ',') {
        if (!take_rule(&text, &f))
            return LEAT_E_INVALID;
        if (have == max)
            return LEAT_E_LIMIT;
        faults[have++] = f;
    }
    *n = have;
    return 0;
}

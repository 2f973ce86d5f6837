#include "scenarios/plan.h"

#include <stdlib.h>

#include "scenarios/lacks.h"
#include "scenarios/real.h"

static struct job *plan_add(struct plan *p)
{
    if (p->count == p->room) {
        size_t room = p->room ? p->room * 2 : 256;
        struct job *grown = realloc(p->job, room * sizeof *grown);
        if (!grown) return NULL;
        p->job = grown;
        p->room = room;
    }
    struct job *j = &p->job[p->count++];
    *j = (struct job){ 0 };
    return j;
}

static bool may_be_product(const struct variant *v, enum role r)
{
    const struct scenario *s = v->scenario;

    if (!play_has_role(v, r) || (s->wrong & 1u << r)) return false;
    return r != ROLE_CLIENT || play_is_told(v, r);
}

/* The first reason why one of them cannot play this. */
static void find_lack(const struct plan_options *o, const struct variant *v, struct job *j)
{
    struct buf why = { 0 };

    for (enum role r = 0; r < ROLE_COUNT && why.n == 0; r++) {
        if (j->players[r] == PLAYER_EXTERNAL) (void)sut_lacks(o->sut[r], v, &why);
    }
    snprintf(j->why, sizeof j->why, "%s", buf_cstr(&why));
    buf_clear(&why);
}

/* `real`: bits 1 << role. */
static bool add_job(struct plan *p, const struct variant *v, unsigned real, const struct plan_options *o)
{
    struct job *j = plan_add(p);

    if (!j) return false;
    j->scenario = v->scenario;
    j->variant = v->index;
    for (enum role r = 0; r < ROLE_COUNT; r++) {
        enum player played = o->sut[r] ? PLAYER_EXTERNAL : PLAYER_PRODUCT;
        bool there = play_has_role(v, r);
        j->players[r] = !there ? PLAYER_ABSENT : (real & 1u << r) ? played : PLAYER_PUPPET;
    }
    find_lack(o, v, j);
    return true;
}

static bool judged(const struct variant *v, enum role r)
{
    return (v->scenario->tested & 1u << r) && may_be_product(v, r);
}

static bool add_all_real(struct plan *p, const struct variant *v, const struct plan_options *o)
{
    unsigned all = 0, can = 0;

    for (enum role r = 0; r < ROLE_COUNT; r++) {
        all |= play_has_role(v, r) ? 1u << r : 0;
        can |= may_be_product(v, r) ? 1u << r : 0;
    }
    bool told = play_is_told(v, ROLE_CLIENT) && v->scenario->tests.count == 0;
    if (all != can || !told || (all & (all - 1)) == 0) return true;
    if (plan_is_foreign(o) && !real_answers(v)) return true; /* nobody would say how it went */
    return add_job(p, v, all, o);
}

static bool has_text(const char *wanted, const struct variant *v)
{
    struct buf text = { 0 };

    variant_print(v, &text);
    bool same = !wanted || strcmp(wanted, buf_cstr(&text)) == 0;
    buf_clear(&text);
    return same;
}

static bool wants(const char *under, const char *subject)
{
    return !under || strcmp(under, subject) == 0;
}

static bool plan_variant(struct plan *p, const struct variant *v, const struct plan_options *o)
{
    bool foreign = plan_is_foreign(o);

    if (!has_text(o->variant, v)) return true;
    if (o->mode == RUN_MODEL) return add_job(p, v, 0, o);
    for (enum role r = 0; r < ROLE_COUNT && o->mode == RUN_PRODUCTS; r++) {
        if (foreign && !o->sut[r]) continue;
        if (judged(v, r) && wants(o->under, role_name(r)) && !add_job(p, v, 1u << r, o)) return false;
    }
    if (foreign && o->mode == RUN_PRODUCTS) return true;
    return !wants(o->under, "all") || add_all_real(p, v, o);
}

/* Scenario, then roles, then variant: the order in which people read. */
static int by_reading(const void *a, const void *b)
{
    const struct job *x = a, *y = b;

    if (x->place != y->place) return x->place < y->place ? -1 : 1;
    int who = memcmp(x->players, y->players, sizeof x->players);
    if (who) return who;
    return x->variant < y->variant ? -1 : x->variant > y->variant;
}

bool plan_is_foreign(const struct plan_options *o)
{
    return o->sut[ROLE_CLIENT] || o->sut[ROLE_BROKER] || o->sut[ROLE_AS];
}

bool plan_make(const struct suite *s, const struct plan_options *o, struct plan *p)
{
    bool good = true;

    for (size_t i = 0; i < s->flows.count && good; i++) {
        const struct scenario *x = s->flows.scenario[i];
        size_t before = p->count;
        if (!suite_chooses(s, &o->choice, x)) continue;
        for (size_t k = 0; k < flow_variants(x) && good && !(o->brief && p->count > before); k++) {
            struct variant v = { 0 };
            size_t first = p->count;
            good = flow_expand(x, k, &v) == OK && plan_variant(p, &v, o);
            for (size_t n = first; n < p->count; n++) p->job[n].place = i;
            variant_clear(&v);
        }
    }
    if (p->count) qsort(p->job, p->count, sizeof *p->job, by_reading);
    return good;
}

void plan_clear(struct plan *p)
{
    free(p->job);
    *p = (struct plan){ 0 };
}

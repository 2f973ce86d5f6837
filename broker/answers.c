#include "broker/answers.h"

#include "common/base/map.h"

#include <stdlib.h>

/* In `used` order the head is the one least recently used. */
struct entry {
    struct entry *prev, *next;
    struct answer said;
};

struct question {
    struct question *prev, *next; /* in the order asked */
    uint8_t hash[SHA256_SIZE];
    uint64_t number;
    struct buf token;
    int64_t until;
    struct watch waiting; /* head of a ring */
};

struct answers {
    struct answers_limits limits;
    struct map *by_token; /* to struct entry, owned */
    struct map *asked, *by_number;
    struct entry used;
    struct question open;   /* head of a ring */
    struct question *unput; /* the first that was not yet put to the AS; NULL: none */
    uint64_t last;
};

struct answers *answers_new(const struct answers_limits *limits, const uint8_t hash_key[16])
{
    struct answers *a = calloc(1, sizeof *a);

    if (!a) return NULL;
    a->limits = *limits;
    a->used.prev = a->used.next = &a->used;
    a->open.prev = a->open.next = &a->open;
    a->by_token = map_new(hash_key);
    a->asked = map_new(hash_key);
    a->by_number = map_new(hash_key);
    if (a->by_token && a->asked && a->by_number) return a;
    answers_free(a);
    return NULL;
}

/* --- answers --- */

bool answer_is_about(const struct answer *a, struct span token)
{
    uint8_t hash[SHA256_SIZE];

    sha256(token, hash);
    return memcmp(a->token, hash, sizeof hash) == 0;
}

static void forget(struct answers *a, struct entry *e)
{
    map_remove(a->by_token, span(e->said.token, SHA256_SIZE));
    e->prev->next = e->next;
    e->next->prev = e->prev;
    claims_free(e->said.claims);
    free(e);
}

static void touch(struct answers *a, struct entry *e)
{
    if (e->next) {
        e->prev->next = e->next;
        e->next->prev = e->prev;
    }
    e->prev = a->used.prev;
    e->next = &a->used;
    e->prev->next = e->next->prev = e;
}

static void shed(struct answers *a)
{
    for (struct entry *e = a->used.next, *next; e != &a->used && map_count(a->by_token) > a->limits.answers;
         e = next) {
        next = e->next;
        forget(a, e);
    }
}

void answers_relimit(struct answers *a, const struct answers_limits *limits)
{
    a->limits = *limits;
    shed(a);
}

void answers_forget(struct answers *a)
{
    while (a->used.next != &a->used) forget(a, a->used.next);
}

static struct entry *entry_of(const struct answers *a, struct span token)
{
    uint8_t hash[SHA256_SIZE];

    sha256(token, hash);
    return map_get(a->by_token, span(hash, sizeof hash));
}

const struct answer *answers_get(struct answers *a, struct span token, int64_t now)
{
    struct entry *e = entry_of(a, token);

    if (!e || now >= e->said.reuse) return NULL;
    touch(a, e);
    return &e->said;
}

const struct answer *answers_last(const struct answers *a, struct span token)
{
    const struct entry *e = entry_of(a, token);

    return e && e->said.is == ANSWER_ACTIVE ? &e->said : NULL;
}

static struct entry *entry_new(struct answers *a, const struct answer *said)
{
    struct entry *e = calloc(1, sizeof *e);

    if (!e) return NULL;
    e->said = *said;
    if (map_put(a->by_token, span(e->said.token, SHA256_SIZE), e) == OK) return e;
    free(e);
    return NULL;
}

/* An ACTIVE answer is kept as long as its claims last, as it still names a key; what the AS does not say now must not outlive what it said. */
static int64_t kept_until(const struct answer *said)
{
    return said->is == ANSWER_ACTIVE ? claims_end(said->claims) : said->reuse;
}

static void keep(struct answers *a, const struct answer *said, int64_t now)
{
    struct entry *e = map_get(a->by_token, span(said->token, SHA256_SIZE));

    if (said->is == ANSWER_FAILED) return;
    if (e) forget(a, e);
    if (now >= kept_until(said) || a->limits.answers == 0) return;
    e = entry_new(a, said);
    if (!e) return;
    claims_ref(e->said.claims);
    touch(a, e);
    shed(a);
}

/* --- questions --- */

static enum err question_new(struct answers *a, struct span token, const uint8_t hash[SHA256_SIZE],
                             struct question **out)
{
    struct question *q = calloc(1, sizeof *q);

    if (!q) return ERR_NO_MEMORY;
    memcpy(q->hash, hash, SHA256_SIZE);
    q->number = ++a->last;
    q->waiting.prev = q->waiting.next = &q->waiting;
    buf_add(&q->token, token);
    enum err e = buf_failed(&q->token) ? ERR_NO_MEMORY : OK;
    if (e == OK) e = map_put(a->asked, span(q->hash, SHA256_SIZE), q);
    if (e == OK) e = map_put(a->by_number, span(&q->number, sizeof q->number), q);
    if (e != OK) {
        map_remove(a->asked, span(q->hash, SHA256_SIZE));
        buf_clear(&q->token);
        free(q);
        return e;
    }
    q->prev = a->open.prev;
    q->next = &a->open;
    q->prev->next = q->next->prev = q;
    if (!a->unput) a->unput = q;
    *out = q;
    return OK;
}

static struct question *after(struct answers *a, const struct question *q)
{
    return q->next == &a->open ? NULL : q->next;
}

/* Whoever asks from now on asks anew. */
static void is_answered(struct answers *a, struct question *q)
{
    if (map_get(a->asked, span(q->hash, SHA256_SIZE)) == q) map_remove(a->asked, span(q->hash, SHA256_SIZE));
}

static void close_question(struct answers *a, struct question *q)
{
    is_answered(a, q);
    if (a->unput == q) a->unput = after(a, q);
    map_remove(a->by_number, span(&q->number, sizeof q->number));
    q->prev->next = q->next;
    q->next->prev = q->prev;
    buf_clear(&q->token);
    free(q);
}

void answers_free(struct answers *a)
{
    if (!a) return;
    while (a->open.next != &a->open) close_question(a, a->open.next);
    answers_forget(a);
    map_free(a->by_token);
    map_free(a->asked);
    map_free(a->by_number);
    free(a);
}

bool watch_waits(const struct watch *w)
{
    return w->of != NULL;
}

void watch_drop(struct watch *w)
{
    if (!w->of) return;
    w->prev->next = w->next;
    w->next->prev = w->prev;
    w->of = NULL;
}

enum err answers_ask(struct answers *a, struct span token, struct watch *w, int64_t until)
{
    uint8_t hash[SHA256_SIZE];

    sha256(token, hash);
    struct question *q = map_get(a->asked, span(hash, sizeof hash));
    if (!q) {
        if (map_count(a->asked) >= a->limits.questions) return ERR_QUOTA;
        TRY(question_new(a, token, hash, &q));
        q->until = until;
    }
    watch_drop(w);
    w->of = q;
    w->prev = q->waiting.prev;
    w->next = &q->waiting;
    w->prev->next = w->next->prev = w;
    return OK;
}

bool answers_next(struct answers *a, uint64_t *number, struct span *token)
{
    struct question *q = a->unput;

    if (!q) return false;
    a->unput = after(a, q);
    *number = q->number;
    *token = buf_span(&q->token);
    return true;
}

bool answers_overdue(const struct answers *a, int64_t now, uint64_t *number)
{
    const struct question *oldest = a->open.next;

    if (oldest == &a->open || now < oldest->until) return false;
    *number = oldest->number;
    return true;
}

static struct question *question_of(const struct answers *a, uint64_t number)
{
    return map_get(a->by_number, span(&number, sizeof number));
}

enum err answers_settle(struct answers *a, uint64_t number, struct answer *said, int64_t now)
{
    struct question *q = question_of(a, number);

    if (!q) return ERR_NOT_FOUND;
    memcpy(said->token, q->hash, sizeof said->token);
    is_answered(a, q);
    keep(a, said, now);
    return OK;
}

struct watch *answers_take(struct answers *a, uint64_t number)
{
    struct question *q = question_of(a, number);

    if (!q) return NULL;
    struct watch *w = q->waiting.next;
    if (w == &q->waiting) {
        close_question(a, q);
        return NULL;
    }
    watch_drop(w);
    return w;
}

void answers_shift(struct answers *a, int64_t by)
{
    for (struct question *q = a->open.next; q != &a->open; q = q->next) q->until += by;
}

void answers_sweep(struct answers *a, int64_t now)
{
    for (struct entry *e = a->used.next, *next; e != &a->used; e = next) {
        next = e->next;
        if (now >= kept_until(&e->said)) forget(a, e);
    }
}

#include "as/trl.h"

#include <strings.h>

/* A query parameter, once decimal. */
struct number {
    bool there, valid;
    int64_t value; /* capped: what is larger is beyond every limit */
};

static const int64_t number_cap = (int64_t)1 << 40;

/* --- the query --- */

static struct number number_read(struct span digits)
{
    struct number out = { .there = true, .valid = digits.n > 0 };

    for (size_t i = 0; out.valid && i < digits.n; i++) {
        out.valid = digits.p[i] >= '0' && digits.p[i] <= '9';
        if (out.value < number_cap) out.value = out.value * 10 + (digits.p[i] - '0');
    }
    return out;
}

/* RFC 9770 5.3: of unknown parameters nothing is said. One that stands twice has no valid value. */
static struct number parameter(struct span query, const char *name)
{
    struct number out = { 0 };

    while (query.n) {
        struct span value = span_cut(&query, '&'), key = span_cut(&value, '=');
        if (!span_is(key, name)) continue;
        bool doubled = out.there;
        out = number_read(value);
        out.valid = out.valid && !doubled;
    }
    return out;
}

unsigned trl_wait(const struct http_headers *h, unsigned limit)
{
    struct span list;

    if (!http_header(h, "Prefer", &list)) return 0;
    while (list.n) {
        struct span value = span_cut(&list, ','), name = span_trim(span_cut(&value, '='));
        struct number n = number_read(span_trim(value));
        if (name.n == 4 && strncasecmp((const char *)name.p, "wait", 4) == 0 && n.valid)
            return n.value < (int64_t)limit ? (unsigned)n.value : limit;
    }
    return 0;
}

/* --- answers --- */

/* The updates that are remembered of this reader. */
struct history {
    int64_t first, last; /* last -1: there never was one */
};

static void put_cursor(struct trl *t, int64_t number)
{
    t->has_cursor = true;
    t->cursor_is_null = number < 0;
    t->cursor = number < 0 ? 0 : number % (trl_max_index + 1);
}

static enum err write_trl(const struct trl *t, struct http_response *out)
{
    http_header_add(&out->headers, "Content-Type", span_str("application/ace-trl+cbor"));
    return trl_write(t, &out->body);
}

/* RFC 9770 6, 8.1 */
static enum err answer_full(struct ledger *l, const struct trl_query *q, const struct history *h,
                            struct http_response *out)
{
    struct trl t = { .kind = TRL_FULL };
    enum err e = ledger_listed(l, &q->reader, &t.full);

    put_cursor(&t, h->last);
    if (e == OK) e = write_trl(&t, out);
    trl_clear(&t);
    return e;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The eldest of the updates behind `after`, at most a batch, the latest first. */
static enum err put_batch(struct ledger *l, const struct trl_query *q, int64_t after, const struct history *h,
                          struct trl *t)
{
    int64_t n = lesser(h->last - after, lesser(q->max_diff_batch, TRL_MAX_ENTRIES));

    for (int64_t i = 0; i < n; i++) {
        t->count++;
        TRY(updates_get(ledger_store(l), &q->reader, after + n - i, &t->entry[i]));
    }
    t->more = after + n < h->last;
    put_cursor(t, after + n);
    return OK;
}

/*
 * RFC 9770 8.2. The number behind which the answer begins: -1 and `lost` when updates behind the cursor are no longer remembered. Of a
 * cursor the number is the one of its index that is nearest below the last.
 */
static int64_t begin(const struct trl_query *q, const struct number *diff, const struct number *cursor,
                     const struct history *h, bool *lost)
{
    int64_t num = diff->value == 0 ? q->max_n : lesser(diff->value, q->max_n);
    int64_t eldest = h->last - num, after = eldest, kept = h->first - 1;

    if (cursor->there) {
        int64_t span_of_index = trl_max_index + 1;
        after = h->last - ((h->last - cursor->value) % span_of_index + span_of_index) % span_of_index;
        *lost = after < kept;
        if (*lost) return -1;
        if (after < eldest) after = eldest;
    }
    return after < kept ? kept : after;
}

static enum err answer_diff(struct ledger *l, const struct trl_query *q, const struct number *diff,
                            const struct number *cursor, const struct history *h, struct http_response *out,
                            bool *nothing_new)
{
    struct trl t = { .kind = TRL_DIFF };
    bool lost = false;
    enum err e = OK;

    put_cursor(&t, -1);
    if (h->last >= 0) {
        int64_t after = begin(q, diff, cursor, h, &lost);
        t.more = lost; /* 8.2.3, case A */
        if (!lost) e = put_batch(l, q, after, h, &t);
    }
    *nothing_new = e == OK && t.count == 0 && !lost;
    if (e == OK) e = write_trl(&t, out);
    trl_clear(&t);
    return e;
}

/* --- problems --- */

static bool is_wrong(const struct number *diff, const struct number *cursor, const struct history *h,
                     struct trl_problem *out)
{
    *out = (struct trl_problem){ .error = TRL_INVALID_VALUE };
    if (diff->there && !diff->valid) return true;
    if (!cursor->there) return false;
    if (!diff->there) {
        out->error = TRL_INVALID_SET;
        return true;
    }
    if (!cursor->valid || cursor->value > trl_max_index) {
        out->has_cursor = true;
        out->cursor_is_null = h->last < 0;
        out->cursor = h->last < 0 ? 0 : h->last % (trl_max_index + 1);
        return true;
    }
    out->error = TRL_OUT_OF_BOUND; /* of an index that wrapped around nobody can tell */
    return h->last >= 0 && h->last <= trl_max_index && cursor->value > h->last;
}

static enum err answer_problem(const struct trl_problem *p, struct http_response *out)
{
    out->status = 400;
    http_header_add(&out->headers, "Content-Type", span_str("application/concise-problem-details+cbor"));
    return trl_problem_write(p, &out->body);
}

enum err trl_answer(struct ledger *l, const struct trl_query *q, struct http_response *out, bool *nothing_new)
{
    struct number diff = parameter(q->text, "diff"), cursor = parameter(q->text, "cursor");
    struct trl_problem problem;
    struct history h;

    *nothing_new = false;
    TRY(ledger_unlist(l, q->now));
    TRY(updates_range(ledger_store(l), &q->reader, &h.first, &h.last));
    if (is_wrong(&diff, &cursor, &h, &problem)) return answer_problem(&problem, out);
    if (!diff.there) return answer_full(l, q, &h, out);
    return answer_diff(l, q, &diff, &cursor, &h, out, nothing_new);
}

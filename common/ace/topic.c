#include "common/ace/topic.h"

#include "common/codec/text.h"

#define SHARE "$share/"

/* Cuts the first level off `s`; false once nothing is left. An empty level is a level. */
struct levels {
    struct span left;
    bool done;
};

static bool next_level(struct levels *l, struct span *level)
{
    if (l->done) return false;
    const uint8_t *slash = l->left.n ? memchr(l->left.p, '/', l->left.n) : NULL;
    size_t n = slash ? (size_t)(slash - l->left.p) : l->left.n;

    *level = span(l->left.p, n);
    l->done = !slash;
    if (slash) l->left = span_skip(l->left, n + 1);
    return true;
}

static bool is_wildcard(struct span level)
{
    return span_is(level, "+") || span_is(level, "#");
}

static bool has_byte(struct span s, int c)
{
    return s.n && memchr(s.p, c, s.n);
}

static size_t count_levels(struct span topic)
{
    size_t n = 1;

    for (size_t i = 0; i < topic.n; i++) n += topic.p[i] == '/';
    return n;
}

static bool within_limits(struct span topic)
{
    return topic.n > 0 && topic.n <= MAX_TOPIC && count_levels(topic) <= MAX_TOPIC_LEVELS && utf8_mqtt(topic);
}

bool topic_name_valid(struct span topic)
{
    return within_limits(topic) && !has_byte(topic, '+') && !has_byte(topic, '#');
}

bool topic_filter_valid(struct span filter)
{
    struct levels l = { filter, false };
    struct span level;

    if (!within_limits(filter) || span_starts(filter, span_str(SHARE))) return false;
    while (next_level(&l, &level)) {
        bool wild = has_byte(level, '+') || has_byte(level, '#');
        if (wild && !is_wildcard(level)) return false;
        if (span_is(level, "#") && !l.done) return false;
    }
    return true;
}

/* MQTT 5 4.7.2, [R-SCOPE-07]: a wildcard at the first level of `wide` hides from a first level with $ in `narrow`. */
static bool hidden(struct span wide, struct span narrow)
{
    return narrow.n && narrow.p[0] == '$' && wide.n && (wide.p[0] == '#' || wide.p[0] == '+');
}

bool topic_covers(struct span outer, struct span inner)
{
    struct levels o = { outer, false }, i = { inner, false };
    struct span ol, il;

    if (hidden(outer, inner)) return false;
    while (next_level(&o, &ol)) {
        if (span_is(ol, "#")) return true; /* also over the parent [R-SCOPE-06] */
        if (!next_level(&i, &il)) return false;
        if (span_is(il, "#")) return false;
        if (!span_is(ol, "+") && !span_eq(ol, il)) return false;
    }
    return !next_level(&i, &il);
}

bool topic_matches(struct span filter, struct span topic)
{
    return topic_covers(filter, topic);
}

/* Two filters walked side by side, and the levels both select. */
struct meeting {
    struct levels a, b;
    bool begun;
    struct buf *out;
};

static void put_level(struct meeting *m, struct span level)
{
    if (m->begun) buf_u8(m->out, '/');
    m->begun = true;
    buf_add(m->out, level);
}

/* The rest of one side, from `level` on, once the other side said #. */
static bool put_rest(struct meeting *m, struct levels *rest, struct span level)
{
    do put_level(m, level);
    while (next_level(rest, &level));
    return true;
}

static bool meet_levels(struct meeting *m)
{
    struct span al, bl;

    for (;;) {
        bool a = next_level(&m->a, &al), b = next_level(&m->b, &bl);
        if (!a && !b) return true;
        if (!a) return span_is(bl, "#"); /* which also selects its parent */
        if (!b) return span_is(al, "#");
        if (span_is(al, "#")) return put_rest(m, &m->b, bl);
        if (span_is(bl, "#")) return put_rest(m, &m->a, al);
        if (!is_wildcard(al) && !is_wildcard(bl) && !span_eq(al, bl)) return false;
        put_level(m, is_wildcard(al) ? bl : al);
    }
}

bool topic_meet(struct span a, struct span b, struct buf *out)
{
    struct meeting m = { .a = { a, false }, .b = { b, false }, .out = out };
    size_t before = out->n;

    if (hidden(a, b) || hidden(b, a)) return false;
    bool meets = meet_levels(&m);
    size_t n = out->n - before;
    if (buf_failed(out)) return true;           /* the caller asks buf_failed() before it believes */
    if (n == 0 || n > MAX_TOPIC) meets = false; /* no topic name is empty (+ and "/#"), or as long as that */
    if (!meets) buf_truncate(out, before);
    return meets;
}

bool topic_unshare(struct span in, struct span *name, struct span *filter)
{
    struct levels l = { in, false };
    struct span share;

    *name = span(NULL, 0);
    *filter = in;
    if (!span_starts(in, span_str(SHARE))) return false;
    next_level(&l, &share);
    next_level(&l, name);
    bool bad = name->n == 0 || has_byte(*name, '+') || has_byte(*name, '#') || l.done;
    *filter = bad ? span(NULL, 0) : l.left;
    return true;
}

bool topic_has_wildcard(struct span filter)
{
    return filter.n && (memchr(filter.p, '#', filter.n) || memchr(filter.p, '+', filter.n));
}

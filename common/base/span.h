#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view of bytes somebody else owns. Pass by value; never free. */
struct span {
    const uint8_t *p;
    size_t n;
};

static inline struct span span(const void *p, size_t n)
{
    return (struct span){ p, n };
}

static inline struct span span_str(const char *s)
{
    return span(s, strlen(s));
}

/* A string literal as a span, also in static tables. */
#define SPAN(literal)                                   \
    {                                                   \
        (const uint8_t *)(literal), sizeof(literal) - 1 \
    }

static inline bool span_eq(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool span_is(struct span a, const char *s)
{
    return span_eq(a, span_str(s));
}

/* `s` without its first `n` bytes (n <= s.n). */
static inline struct span span_skip(struct span s, size_t n)
{
    return span(n ? s.p + n : s.p, s.n - n);
}

/* What stands before the first `c`; *rest moves behind that. Without one it is all of it. */
static inline struct span span_cut(struct span *rest, char c)
{
    struct span head = *rest;
    const uint8_t *at = rest->n ? memchr(rest->p, c, rest->n) : NULL;

    if (at) {
        head.n = (size_t)(at - rest->p);
        *rest = span(at + 1, (size_t)(rest->p + rest->n - at) - 1);
    } else {
        rest->n = 0;
    }
    return head;
}

/* Without blanks and tabs at its ends. */
static inline struct span span_trim(struct span s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s = span_skip(s, 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
    return s;
}

static inline bool span_starts(struct span s, struct span with)
{
    return s.n >= with.n && span_eq(span(s.p, with.n), with);
}

#endif

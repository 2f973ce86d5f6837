#include "scenarios/admit.h"

#include <stdlib.h>

static const struct pattern *argument(const struct pattern *call, size_t i)
{
    for (size_t k = 0; k < call->count; k++) {
        if (!call->parts[k].argument && i-- == 0) return &call->parts[k];
    }
    return NULL;
}

/* Is `n` within f(low,high)? f: everything; f(n): `alone` tells. */
enum lone { LONE_EXACT, LONE_ANY };

static bool in_range(const struct pattern *call, int64_t n, enum lone lone)
{
    const struct pattern *low = argument(call, 0), *high = argument(call, 1);

    if (!low) return true;
    if (!low->is_number || (high && !high->is_number)) return true;
    if (!high) return lone == LONE_ANY || n == low->number;
    return n >= low->number && n <= high->number;
}

typedef bool admits_part(const struct pattern *p, const void *what);

static bool any_part(const struct pattern *p, admits_part *admits, const void *what)
{
    for (size_t i = 0; i < p->count; i++) {
        if (admits(&p->parts[i], what)) return true;
    }
    return false;
}

/* ---- numbers ---- */

static bool number_call(const struct pattern *p, int64_t n)
{
    switch (p->fn) {
    case FN_INT:
        return in_range(p, n, LONE_ANY);
    case FN_NOT:
        return !p->count || !admits_number(&p->parts[0], n);
    case FN_ANY:
    case FN_TEXT:
    case FN_STARTS:
        return true;
    default:
        return false;
    }
}

static bool number_part(const struct pattern *p, const void *n)
{
    return admits_number(p, *(const int64_t *)n);
}

bool admits_number(const struct pattern *p, int64_t n)
{
    if (p->kind == PATTERN_LITERAL) return p->is_number && p->number == n;
    if (p->kind == PATTERN_CALL) return number_call(p, n);
    return p->kind == PATTERN_EITHER && any_part(p, number_part, &n);
}

/* ---- text ---- */

static bool starts_with(const struct pattern *p, const char *text)
{
    const struct pattern *start = argument(p, 0);

    if (!start || start->kind != PATTERN_LITERAL) return true;
    return strncmp(start->text, text, strlen(start->text)) == 0;
}

static bool text_call(const struct pattern *p, const char *text)
{
    switch (p->fn) {
    case FN_ANY:
        return true;
    case FN_TEXT:
        return *text && in_range(p, (int64_t)strlen(text), LONE_ANY);
    case FN_BYTES:
        return in_range(p, (int64_t)strlen(text), LONE_EXACT);
    case FN_STARTS:
        return starts_with(p, text);
    case FN_NOT:
        return !p->count || !admits_text(&p->parts[0], text);
    default:
        return false;
    }
}

static bool text_part(const struct pattern *p, const void *text)
{
    return admits_text(p, text);
}

bool admits_text(const struct pattern *p, const char *text)
{
    if (p->kind == PATTERN_LITERAL) return strcmp(p->text, text) == 0;
    if (p->kind == PATTERN_CALL) return text_call(p, text);
    return p->kind == PATTERN_EITHER && any_part(p, text_part, text);
}

/* ---- absence ---- */

static bool absence_part(const struct pattern *p, const void *nothing)
{
    (void)nothing;
    return admits_absence(p);
}

bool admits_absence(const struct pattern *p)
{
    return p->kind == PATTERN_ABSENT || (p->kind == PATTERN_EITHER && any_part(p, absence_part, NULL));
}

/* ---- octets ---- */

/* bytes(n) or bytes(n,n): one length only. */
static bool has_one_length(const struct pattern *p)
{
    const struct pattern *low = argument(p, 0), *high = argument(p, 1);

    return low && low->is_number && (!high || (high->is_number && high->number == low->number));
}

static bool spoiled_call(const struct pattern *p, enum spoil how)
{
    switch (p->fn) {
    case FN_ANY:
    case FN_TEXT:
    case FN_INT:
    case FN_AHEAD:
    case FN_URI:
    case FN_NOT:
    case FN_STARTS:
        return true;
    case FN_BYTES:
        return how == SPOIL_FLIP || !has_one_length(p);
    case FN_LEN16:
        return how == SPOIL_FLIP && (!p->count || admits_spoiled(&p->parts[0], how));
    default:
        return false;
    }
}

/* The last part takes the change, unless another part's length could give way. */
static bool spoiled_joined(const struct pattern *p, enum spoil how)
{
    if (how == SPOIL_FLIP) return admits_spoiled(&p->parts[p->count - 1], how);
    for (size_t i = 0; i < p->count; i++) {
        if (admits_spoiled(&p->parts[i], how)) return true;
    }
    return false;
}

static bool spoiled_part(const struct pattern *p, const void *how)
{
    return admits_spoiled(p, *(const enum spoil *)how);
}

bool admits_spoiled(const struct pattern *p, enum spoil how)
{
    switch (p->kind) {
    case PATTERN_CALL:
        return spoiled_call(p, how);
    case PATTERN_JOINED:
        return spoiled_joined(p, how);
    case PATTERN_EITHER:
        return any_part(p, spoiled_part, &how);
    case PATTERN_ABSENT:
    case PATTERN_LITERAL:
    case PATTERN_VARIABLE:
    case PATTERN_LIST:
    case PATTERN_PAIR:
        break;
    }
    return false;
}

const struct pattern *pattern_made(const struct pattern *p)
{
    return p->kind == PATTERN_EITHER ? pattern_made(&p->parts[0]) : p;
}

bool pattern_makes(const struct pattern *p)
{
    const struct pattern *made = pattern_made(p);

    if (made->kind == PATTERN_ABSENT) return false;
    if (made->kind == PATTERN_CALL && !(function_def(made->fn)->notes & FN_MAKES)) return false;
    for (size_t i = 0; i < made->count; i++) {
        if (!made->parts[i].argument && !pattern_makes(&made->parts[i])) return false;
    }
    return true;
}

#include "scenarios/again.h"

#include <stdlib.h>

#include "common/base/file.h"
#include "common/codec/doc.h"
#include "scenarios/compare.h"

struct again {
    size_t count;
    struct run_result *run; /* scenario, variant and players only */
};

static void take_players(const struct doc *map, struct run_result *out)
{
    for (enum role r = 0; r < ROLE_COUNT; r++) {
        struct span name = compare_text(map, role_name(r));
        for (enum player p = 0; p <= PLAYER_EXTERNAL; p++)
            if (span_is(name, player_name(p))) out->players[r] = p;
    }
}

static enum err take_runs(const struct doc *runs, struct again *a)
{
    a->run = calloc(doc_count(runs) + 1, sizeof *a->run);
    if (!a->run) return ERR_NO_MEMORY;
    for (size_t i = 0; i < doc_count(runs); i++) {
        const struct doc *run = doc_at(runs, i);
        struct span verdict = compare_text(run, "verdict");
        if (!span_is(verdict, verdict_name(VERDICT_FAIL)) && !span_is(verdict, verdict_name(VERDICT_ERROR)))
            continue;
        struct run_result *r = &a->run[a->count++];
        buf_add(&r->scenario, compare_text(run, "id"));
        compare_print_members(doc_get(run, "variant"), &r->variant);
        take_players(doc_get(run, "players"), r);
        if (buf_failed(&r->scenario) || buf_failed(&r->variant)) return ERR_NO_MEMORY;
    }
    return OK;
}

enum err again_read(const char *path, struct again **out, struct buf *message)
{
    static const struct doc_limits limits = {
        .bytes = MAX_REPORT, .depth = 8, .items = 1 << 20, .nodes = 1 << 23
    };
    struct buf text = { 0 };
    struct doc *root = NULL;
    struct fault why = { 0 };

    *out = calloc(1, sizeof **out);
    if (!*out) return ERR_NO_MEMORY;
    enum err e = file_read_most(path, MAX_REPORT, &text, message);
    if (e == OK && (e = doc_read_json(buf_span(&text), &limits, &root, &why)) != OK)
        buf_format(message, "%s: %s", path, why.why);
    if (e == OK && doc_kind(doc_get(root, "scenarios")) != DOC_ARRAY) {
        buf_format(message, "%s: no report: it has no scenarios", path);
        e = ERR_MALFORMED;
    }
    if (e == OK) e = take_runs(doc_get(root, "scenarios"), *out);
    doc_free(root);
    buf_clear(&text);
    if (e == OK) return OK;
    again_free(*out);
    *out = NULL;
    return e;
}

void again_free(struct again *a)
{
    if (!a) return;
    for (size_t i = 0; i < a->count; i++) result_clear(&a->run[i]);
    free(a->run);
    free(a);
}

size_t again_count(const struct again *a)
{
    return a->count;
}

bool again_wants(const struct again *a, const struct run_result *r)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct run_result *x = &a->run[i];
        if (span_eq(buf_span(&x->scenario), buf_span(&r->scenario)) &&
            span_eq(buf_span(&x->variant), buf_span(&r->variant)) &&
            memcmp(x->players, r->players, sizeof x->players) == 0)
            return true;
    }
    return false;
}

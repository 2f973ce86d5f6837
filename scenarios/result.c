#include "scenarios/result.h"

#include "common/codec/doc.h"
#include "scenarios/json.h"

#include <stdlib.h>

static const char *const verdicts[VERDICTS] = {
    [VERDICT_PASS] = "pass", [VERDICT_NOTE] = "note", [VERDICT_WARN] = "warn",   [VERDICT_KNOWN] = "known",
    [VERDICT_SKIP] = "skip", [VERDICT_FAIL] = "fail", [VERDICT_ERROR] = "error",
};

static const char *const refusals[] = {
    [REFUSAL_NONE] = "",       [REFUSAL_CODE] = "code",     [REFUSAL_PACKET] = "packet",
    [REFUSAL_CLOSE] = "close", [REFUSAL_STATUS] = "status", [REFUSAL_ERROR] = "error",
};

enum { REFUSALS = REFUSAL_ERROR + 1 };

enum { PLAYERS = PLAYER_EXTERNAL + 1 };

static const char *const players[PLAYERS] = {
    [PLAYER_ABSENT] = "absent",
    [PLAYER_PUPPET] = "puppet",
    [PLAYER_PRODUCT] = "product",
    [PLAYER_EXTERNAL] = "external",
};

const char *verdict_name(enum verdict v)
{
    return verdicts[v];
}

const char *player_name(enum player p)
{
    return players[p];
}

/* Doubles whenever the count reaches a power of two. NULL: no memory, and the array is as it was. */
static void *more(void *array, size_t count, size_t size)
{
    if (count & (count - 1)) return array;
    return reallocarray(array, count ? 2 * count : 1, size);
}

struct check_result *result_check(struct run_result *r)
{
    struct check_result *grown = more(r->checks, r->check_count, sizeof *grown);

    if (!grown) return NULL;
    r->checks = grown;
    grown[r->check_count] = (struct check_result){ 0 };
    return &grown[r->check_count++];
}

struct buf *check_rule(struct check_result *c)
{
    struct buf *grown = more(c->rules, c->rule_count, sizeof *grown);

    if (!grown) return NULL;
    c->rules = grown;
    grown[c->rule_count] = (struct buf){ 0 };
    return &grown[c->rule_count++];
}

void check_print(const struct check_result *c, struct buf *out)
{
    buf_add(out, buf_span(&c->arrow));
    if (c->field.n == 0) return;
    buf_u8(out, ' ');
    buf_add(out, buf_span(&c->field));
}

/* ---- writing ---- */

static void put(struct buf *out, const char *name, const struct buf *text)
{
    out->failed |= buf_failed(text);
    json_text(out, name, buf_span(text));
}

static void write_check(const struct check_result *c, struct buf *out)
{
    json_line(out);
    json_open(out, NULL, '{');
    put(out, "file", &c->file);
    json_number(out, "line", c->line);
    put(out, "arrow", &c->arrow);
    put(out, "field", &c->field);
    put(out, "want", &c->want);
    put(out, "got", &c->got);
    json_word(out, "held", c->held ? "true" : "false");
    json_word(out, "silent", c->silent ? "true" : "false");
    json_text(out, "refusal", span_str(refusals[c->refusal]));
    json_open(out, "rules", '[');
    for (size_t i = 0; i < c->rule_count; i++) put(out, NULL, &c->rules[i]);
    json_close(out, ']');
    json_close(out, '}');
}

enum err result_write(const struct run_result *r, struct buf *json)
{
    json_open(json, NULL, '{');
    put(json, "scenario", &r->scenario);
    put(json, "variant", &r->variant);
    put(json, "with", &r->with);
    json_open(json, "players", '[');
    for (size_t i = 0; i < ROLE_COUNT; i++) json_text(json, NULL, span_str(player_name(r->players[i])));
    json_close(json, ']');
    json_text(json, "verdict", span_str(verdict_name(r->verdict)));
    put(json, "why", &r->why);
    json_number(json, "ms", r->ms);
    put(json, "dir", &r->dir);
    json_open(json, "checks", '[');
    for (size_t i = 0; i < r->check_count; i++) write_check(&r->checks[i], json);
    json_close(json, ']');
    json_close(json, '}');
    buf_u8(json, '\n');
    return buf_failed(json) ? ERR_NO_MEMORY : OK;
}

/* ---- reading ---- */

/* A run of MAX_STEPS with MAX_FIELDS each would be larger; no run we play comes near. */
static const struct doc_limits limits = { .bytes = 16 << 20, .depth = 6, .items = 65536, .nodes = 1 << 20 };

/* Latches the first member that is missing or of another kind. */
struct pick {
    enum err err;
    struct fault *why;
};

static void refuse(struct pick *p, const struct doc *of, const char *name)
{
    if (p->err != OK) return;
    p->err = ERR_MALFORMED;
    fault_set(p->why, doc_offset(of), "member %s is missing or wrong", name);
}

static void copy(struct pick *p, struct span from, struct buf *out)
{
    buf_add(out, from);
    if (buf_failed(out) && p->err == OK) p->err = ERR_NO_MEMORY;
}

static void pick_text(struct pick *p, const struct doc *of, const char *name, struct buf *out)
{
    struct span text;

    if (doc_text(doc_get(of, name), &text)) {
        copy(p, text, out);
    } else {
        refuse(p, of, name);
    }
}

static int64_t pick_number(struct pick *p, const struct doc *of, const char *name)
{
    int64_t n = 0;

    if (!doc_int(doc_get(of, name), &n) || n < 0) refuse(p, of, name);
    return n < 0 ? 0 : n;
}

/* Which of the words a text is. */
struct choices {
    const char *const *word;
    size_t count;
};

static size_t pick_word(struct pick *p, const struct doc *text, const struct choices *among)
{
    struct span s;

    for (size_t i = 0; doc_text(text, &s) && i < among->count; i++) {
        if (span_is(s, among->word[i])) return i;
    }
    refuse(p, text, "verdict, refusal or players");
    return 0;
}

static void read_rule(struct pick *p, const struct doc *text, struct check_result *c)
{
    struct span id;
    struct buf *rule;

    if (!doc_text(text, &id)) {
        refuse(p, text, "rules");
    } else if ((rule = check_rule(c))) {
        copy(p, id, rule);
    } else {
        p->err = ERR_NO_MEMORY;
    }
}

static void read_check(struct pick *p, const struct doc *from, struct run_result *out)
{
    static const struct choices among = { refusals, REFUSALS };
    struct check_result *c = result_check(out);
    const struct doc *rules = doc_get(from, "rules");

    if (!c) {
        p->err = ERR_NO_MEMORY;
        return;
    }
    pick_text(p, from, "file", &c->file);
    pick_text(p, from, "arrow", &c->arrow);
    pick_text(p, from, "field", &c->field);
    pick_text(p, from, "want", &c->want);
    pick_text(p, from, "got", &c->got);
    c->line = (unsigned)pick_number(p, from, "line");
    if (!doc_bool(doc_get(from, "held"), &c->held)) refuse(p, from, "held");
    if (!doc_bool(doc_get(from, "silent"), &c->silent)) refuse(p, from, "silent");
    c->refusal = (enum refusal)pick_word(p, doc_get(from, "refusal"), &among);
    if (doc_kind(rules) != DOC_ARRAY) refuse(p, from, "rules");
    for (size_t i = 0; p->err == OK && i < doc_count(rules); i++) read_rule(p, doc_at(rules, i), c);
}

static void read_players(struct pick *p, const struct doc *from, struct run_result *out)
{
    static const struct choices among = { players, PLAYERS };

    if (doc_kind(from) != DOC_ARRAY || doc_count(from) != ROLE_COUNT) {
        refuse(p, from, "players");
        return;
    }
    for (size_t i = 0; i < ROLE_COUNT; i++)
        out->players[i] = (enum player)pick_word(p, doc_at(from, i), &among);
}

static void read_run(struct pick *p, const struct doc *from, struct run_result *out)
{
    static const struct choices among = { verdicts, VERDICTS };
    const struct doc *checks = doc_get(from, "checks");

    pick_text(p, from, "scenario", &out->scenario);
    pick_text(p, from, "variant", &out->variant);
    pick_text(p, from, "with", &out->with);
    read_players(p, doc_get(from, "players"), out);
    out->verdict = (enum verdict)pick_word(p, doc_get(from, "verdict"), &among);
    pick_text(p, from, "why", &out->why);
    out->ms = pick_number(p, from, "ms");
    pick_text(p, from, "dir", &out->dir);
    if (doc_kind(checks) != DOC_ARRAY) refuse(p, from, "checks");
    for (size_t i = 0; p->err == OK && i < doc_count(checks); i++) read_check(p, doc_at(checks, i), out);
}

enum err result_read(struct span json, struct run_result *out, struct fault *why)
{
    struct pick p = { .why = why };
    struct doc *d = NULL;

    *out = (struct run_result){ 0 };
    TRY(doc_read_json(json, &limits, &d, why));
    read_run(&p, d, out);
    doc_free(d);
    if (p.err != OK) result_clear(out);
    return p.err;
}

static void clear_check(struct check_result *c)
{
    for (size_t i = 0; i < c->rule_count; i++) buf_clear(&c->rules[i]);
    free(c->rules);
    buf_clear(&c->file);
    buf_clear(&c->arrow);
    buf_clear(&c->field);
    buf_clear(&c->want);
    buf_clear(&c->got);
}

void result_clear(struct run_result *r)
{
    for (size_t i = 0; i < r->check_count; i++) clear_check(&r->checks[i]);
    free(r->checks);
    buf_clear(&r->scenario);
    buf_clear(&r->variant);
    buf_clear(&r->with);
    buf_clear(&r->why);
    buf_clear(&r->dir);
    *r = (struct run_result){ 0 };
}

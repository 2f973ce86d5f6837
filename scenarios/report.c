#include "scenarios/report.h"

#include "scenarios/json.h"
#include "scenarios/verdict.h"

#include <stdlib.h>
#include <time.h>

enum { REPORT_VERSION = 1 };

enum err report_init(struct report *r, const struct rules *rules)
{
    *r = (struct report){ .rules = rules, .tally = calloc(rules->count + 1, sizeof *r->tally) };
    return r->tally ? OK : ERR_NO_MEMORY;
}

void report_clear(struct report *r)
{
    for (size_t i = 0; i < r->runs; i++) result_clear(&r->run[i]);
    free(r->run);
    free(r->said);
    free(r->tally);
    for (size_t i = 0; i < ROLE_COUNT; i++) buf_clear(&r->switches[i]);
    about_clear(&r->about);
    *r = (struct report){ 0 };
}

/* ---- adding ---- */

static const unsigned char *said_by(const struct report *r, size_t run)
{
    return r->said + run * r->rules->count;
}

enum said report_said(const struct report *r, size_t run, size_t rule)
{
    return (enum said)said_by(r, run)[rule];
}

/* A rule that one check of the run breaks is broken in this run, whatever the others say. */
static void hear_check(const struct report *r, const struct run_result *run, const struct check_result *c,
                       unsigned char *said)
{
    for (size_t i = 0; i < c->rule_count; i++) {
        const struct rule *rule = check_rule_at(c, i, r->rules);
        if (!rule || !check_speaks(run, c, rule)) continue;
        unsigned char *slot = &said[rule - r->rules->rule];
        if (*slot != SAID_BROKEN) *slot = c->held ? SAID_HELD : SAID_BROKEN;
    }
}

static void hear(struct report *r, const struct run_result *run, unsigned char *said)
{
    memset(said, SAID_NOTHING, r->rules->count);
    if (run->verdict == VERDICT_ERROR || run->verdict == VERDICT_SKIP) return;
    for (size_t i = 0; i < run->check_count; i++) hear_check(r, run, &run->checks[i], said);
    for (size_t i = 0; i < r->rules->count; i++) {
        r->tally[i].held += said[i] == SAID_HELD;
        r->tally[i].broken += said[i] == SAID_BROKEN;
    }
}

/* Room for one more run, doubling; on failure everything is as it was. */
static enum err make_room(struct report *r)
{
    if (r->runs < r->room) return OK;
    size_t room = r->room ? 2 * r->room : 64;
    struct run_result *run = reallocarray(r->run, room, sizeof *run);
    if (!run) return ERR_NO_MEMORY;
    r->run = run;
    unsigned char *said = reallocarray(r->said, room, r->rules->count + 1);
    if (!said) return ERR_NO_MEMORY;
    r->said = said;
    r->room = room;
    return OK;
}

enum err report_add(struct report *r, struct run_result *result)
{
    TRY(make_room(r));
    result_judge(result, r->rules);
    if (r->known) known_hear(r->known, result, r->rules);
    hear(r, result, r->said + r->runs * r->rules->count);
    r->counts[result->verdict]++;
    r->run[r->runs++] = *result;
    *result = (struct run_result){ 0 };
    return OK;
}

const struct run_result *report_last(const struct report *r)
{
    return r->runs ? &r->run[r->runs - 1] : NULL;
}

/* ---- adding up ---- */

struct coverage report_coverage(const struct report *r)
{
    struct coverage c = { .total = r->rules->count };

    for (size_t i = 0; i < r->rules->count; i++) {
        const struct rule_tally *t = &r->tally[i];
        if (t->broken) {
            c.violated++;
        } else if (t->held) {
            c.proven++;
        } else if (r->rules->rule[i].unobservable) {
            c.unobservable++;
            c.unit_tested += !r->foreign && r->rules->rule[i].unit_test;
        } else if (report_deviation(r, &r->rules->rule[i])) {
            c.deviating++;
        } else {
            c.open++;
        }
    }
    return c;
}

const struct rule *report_stale_deviation(const struct report *r)
{
    for (size_t i = 0; i < r->rules->count; i++) {
        if (report_deviation(r, &r->rules->rule[i]) && r->tally[i].held && !r->tally[i].broken)
            return &r->rules->rule[i];
    }
    return NULL;
}

const struct known_entry *report_stale_known(const struct report *r, const char **why)
{
    char month[16];
    time_t now = time(NULL);
    struct tm t;

    strftime(month, sizeof month, "%Y-%m", gmtime_r(&now, &t));
    for (size_t i = 0; r->known && i < r->known->count; i++) {
        const char *stale = known_stale(&r->known->entry[i], month);
        if (!stale) continue;
        if (why) *why = stale;
        return &r->known->entry[i];
    }
    return NULL;
}

const char *report_deviation(const struct report *r, const struct rule *rule)
{
    return r->foreign ? NULL : rule->deviates;
}

size_t report_played(const struct report *r)
{
    return r->runs - r->counts[VERDICT_SKIP];
}

enum status report_status(const struct report *r)
{
    if (r->counts[VERDICT_ERROR] || report_played(r) == 0 || report_stale_deviation(r)) return STATUS_ERROR;
    if (report_stale_known(r, NULL)) return STATUS_ERROR;
    return r->counts[VERDICT_FAIL] ? STATUS_FAILED : STATUS_FINE;
}

void report_under_test(const struct run_result *r, struct buf *out)
{
    unsigned real = result_real(r), taking_part = 0;
    const char *between = "";

    for (unsigned i = 0; i < ROLE_COUNT; i++) taking_part |= (r->players[i] != PLAYER_ABSENT ? 1U : 0U) << i;
    if (real == 0 || (real == taking_part && (real & (real - 1)))) {
        buf_str(out, real ? "all" : "model");
        return;
    }
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        if (!(real >> i & 1)) continue;
        buf_format(out, "%s%s", between, role_name(i));
        between = "+";
    }
}

/* ---- report.json ---- */

static void write_summary(const struct report *r, struct buf *json)
{
    static const struct counter {
        const char *name;
        enum verdict verdict;
    } counters[] = {
        { "passed", VERDICT_PASS }, { "failed", VERDICT_FAIL },  { "warned", VERDICT_WARN },
        { "noted", VERDICT_NOTE },  { "skipped", VERDICT_SKIP }, { "errors", VERDICT_ERROR },
        { "known", VERDICT_KNOWN },
    };

    json_open(json, "summary", '{');
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        json_number(json, counters[i].name, (int64_t)r->counts[counters[i].verdict]);
    json_close(json, '}');
}

static void write_requirements(const struct report *r, struct buf *json)
{
    int64_t in_scope = 0, covered = 0, violated = 0, deviating = (int64_t)report_coverage(r).deviating;

    for (size_t i = 0; i < r->rules->count; i++) {
        in_scope += r->rules->rule[i].unobservable == NULL;
        covered += r->tally[i].held != 0;
        violated += r->tally[i].broken != 0;
    }
    json_open(json, "requirements", '{');
    json_number(json, "total", (int64_t)r->rules->count);
    json_number(json, "in_scope", in_scope);
    json_number(json, "covered", covered);
    json_number(json, "violated", violated);
    json_number(json, "deviating", deviating);
    json_close(json, '}');
}

/* Where the next "axis=value" of "a=1,b=x,y" ends; the value of b holds a comma. */
static size_t binding_end(struct span s)
{
    size_t end = s.n;

    for (size_t i = s.n; i-- > 0;) {
        if (s.p[i] == ',' && memchr(s.p + i, '=', end - i)) end = i;
    }
    return end;
}

static void write_variant(struct span text, struct buf *json)
{
    struct buf name = { 0 };

    json_open(json, "variant", '{');
    while (text.n) {
        struct span one = span(text.p, binding_end(text));
        const uint8_t *equals = memchr(one.p, '=', one.n);
        size_t n = equals ? (size_t)(equals - one.p) : one.n;
        buf_truncate(&name, 0);
        buf_add(&name, span(one.p, n));
        json_text(json, buf_cstr(&name), span_skip(one, equals ? n + 1 : n));
        text = span_skip(text, one.n < text.n ? one.n + 1 : one.n);
    }
    json_close(json, '}');
    json->failed |= buf_failed(&name);
    buf_clear(&name);
}

static void write_players(const struct run_result *run, struct buf *json)
{
    struct buf role = { 0 };

    report_under_test(run, &role);
    json_text(json, "role", buf_span(&role));
    json_open(json, "players", '{');
    for (unsigned i = 0; i < ROLE_COUNT; i++)
        json_text(json, role_name(i), span_str(player_name(run->players[i])));
    json_close(json, '}');
    buf_clear(&role);
}

/* A rule without its closing bracket. */
static void open_rule(const struct rule *rule, const char *verdict, struct buf *json)
{
    json_open(json, NULL, '{');
    json_text(json, "id", span_str(rule->id));
    json_text(json, "level", span_str(rule_level(rule)));
    json_text(json, "verdict", span_str(verdict));
}

static void write_run_rules(const struct report *r, size_t run, struct buf *json)
{
    const unsigned char *said = said_by(r, run);

    json_open(json, "rules", '[');
    for (size_t i = 0; i < r->rules->count; i++) {
        const struct rule *rule = &r->rules->rule[i];
        if (said[i] == SAID_NOTHING) continue;
        enum verdict v = said[i] == SAID_HELD ? VERDICT_PASS : level_verdict(rule->level);
        open_rule(rule, verdict_name(v), json);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* "broker -> client CONNACK reason": without places, so that it stays the same when a flow is edited. */
static void write_held(const struct run_result *run, struct buf *json)
{
    struct buf text = { 0 };

    json_open(json, "held", '[');
    for (size_t i = 0; i < run->check_count; i++) {
        if (!run->checks[i].held) continue;
        buf_truncate(&text, 0);
        check_print(&run->checks[i], &text);
        json_text(json, NULL, buf_span(&text));
    }
    json_close(json, ']');
    json->failed |= buf_failed(&text);
    buf_clear(&text);
}

static void write_broken(const struct report *r, const struct run_result *run, struct buf *json)
{
    struct buf text = { 0 };

    json_open(json, "broken", '[');
    for (size_t i = 0; i < run->check_count; i++) {
        const struct check_result *c = &run->checks[i];
        if (c->held) continue;
        buf_truncate(&text, 0);
        check_print(c, &text);
        json_open(json, NULL, '{');
        json_text(json, "check", buf_span(&text));
        json_text(json, "verdict", span_str(verdict_name(check_verdict(run, c, r->rules))));
        json_text(json, "file", buf_span(&c->file));
        json_number(json, "line", c->line);
        json_text(json, "want", buf_span(&c->want));
        json_text(json, "got", buf_span(&c->got));
        json_open(json, "rules", '[');
        for (size_t k = 0; k < c->rule_count; k++) {
            const struct rule *rule = check_rule_at(c, k, r->rules);
            if (c->refusal == REFUSAL_NONE || !rule || check_speaks(run, c, rule))
                json_text(json, NULL, buf_span(&c->rules[k]));
        }
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, ']');
    json->failed |= buf_failed(&text);
    buf_clear(&text);
}

static void write_run(const struct report *r, size_t i, struct buf *json)
{
    const struct run_result *run = &r->run[i];

    json_line(json);
    json_open(json, NULL, '{');
    json_text(json, "id", buf_span(&run->scenario));
    write_variant(buf_span(&run->variant), json);
    if (run->with.n) json_text(json, "with", buf_span(&run->with));
    write_players(run, json);
    json_text(json, "verdict", span_str(verdict_name(run->verdict)));
    json_text(json, "why", buf_span(&run->why));
    write_run_rules(r, i, json);
    json_number(json, "ms", run->ms);
    json_text(json, "dir", buf_span(&run->dir));
    write_held(run, json);
    write_broken(r, run, json);
    json_close(json, '}');
}

const char *report_rule_verdict(const struct report *r, size_t i)
{
    const struct rule *rule = &r->rules->rule[i];

    if (r->tally[i].broken) return verdict_name(level_verdict(rule->level));
    if (r->tally[i].held) return verdict_name(VERDICT_PASS);
    if (report_deviation(r, rule)) return "deviation";
    return rule->unobservable ? "unobservable" : "open";
}

/* Each scenario once: its runs stand behind each other. */
static void write_scenarios_of(const struct report *r, size_t rule, struct buf *json)
{
    struct span last = { 0 };

    json_open(json, "scenarios", '[');
    for (size_t i = 0; i < r->runs; i++) {
        struct span id = buf_span(&r->run[i].scenario);
        if (said_by(r, i)[rule] == SAID_NOTHING || span_eq(id, last)) continue;
        json_text(json, NULL, id);
        last = id;
    }
    json_close(json, ']');
}

static void write_rule(const struct report *r, size_t i, struct buf *json)
{
    const struct rule *rule = &r->rules->rule[i];

    json_line(json);
    open_rule(rule, report_rule_verdict(r, i), json);
    write_scenarios_of(r, i, json);
    if (rule->unobservable) json_text(json, "unobservable", span_str(rule->unobservable));
    if (rule->unit_test) json_text(json, "unit_test", span_str(rule->unit_test));
    if (report_deviation(r, rule)) json_text(json, "deviation", span_str(rule->deviates));
    if (report_deviation(r, rule)) json_text(json, "deviation_why", span_str(rule->deviates_why));
    json_close(json, '}');
}

void report_write_switches(const struct report *r, struct buf *json)
{
    json_open(json, "switches", '{');
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        struct buf text = { 0 };
        buf_add(&text, buf_span(&r->switches[i]));
        if (text.n) json_word(json, role_name(i), buf_cstr(&text));
        buf_clear(&text);
    }
    json_close(json, '}');
}

enum err report_write(const struct report *r, struct buf *json)
{
    json_open(json, NULL, '{');
    json_number(json, "version", REPORT_VERSION);
    json_line(json);
    about_write(&r->about, json);
    json_line(json);
    write_summary(r, json);
    json_line(json);
    write_requirements(r, json);
    json_line(json);
    report_write_switches(r, json);
    json_line(json);
    proven_write(&r->proven, json);
    json_line(json);
    json_open(json, "scenarios", '[');
    for (size_t i = 0; i < r->runs; i++) write_run(r, i, json);
    json_close(json, ']');
    json_line(json);
    json_open(json, "rules", '[');
    for (size_t i = 0; i < r->rules->count; i++) write_rule(r, i, json);
    json_close(json, ']');
    json_close(json, '}');
    buf_u8(json, '\n');
    return buf_failed(json) ? ERR_NO_MEMORY : OK;
}

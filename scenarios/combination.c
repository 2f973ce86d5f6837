#include "scenarios/combination.h"

#include "common/codec/mqtt_frame.h"

static const struct step *last_verb(const struct scenario *s, const char *verb)
{
    const struct step *found = NULL;

    for (size_t i = 0; i < s->steps; i++) {
        if (s->step[i].kind == STEP_VERB && strcmp(s->step[i].verb->word, verb) == 0) found = &s->step[i];
    }
    return found;
}

static bool is_zero(const struct pattern *p)
{
    bool zero = p->kind == PATTERN_LITERAL && p->is_number && p->number == 0;

    for (size_t i = 0; i < p->count && p->kind == PATTERN_EITHER; i++) zero |= is_zero(&p->parts[i]);
    return zero;
}

static bool lets_in(const struct step *s)
{
    bool connack =
        s->kind == STEP_ARROW && s->message->kind == MESSAGE_MQTT && s->message->code == MQTT_CONNACK;

    for (size_t i = 0; i < s->count && connack; i++) {
        const struct field *f = &s->field[i];
        if (f->name && strcmp(f->name, "reason") == 0 && is_zero(&f->pattern)) return true;
    }
    return false;
}

/* The value of an axis in "pop=hs256,tls=1.3"; empty: it is not there. */
struct span combination_axis(struct span variant, const char *axis)
{
    size_t n = strlen(axis);

    for (;;) {
        const uint8_t *comma = variant.n ? memchr(variant.p, ',', variant.n) : NULL;
        struct span one = comma ? span(variant.p, (size_t)(comma - variant.p)) : variant;
        if (one.n > n && memcmp(one.p, axis, n) == 0 && one.p[n] == '=') return span_skip(one, n + 1);
        if (!comma) return span(NULL, 0);
        variant = span_skip(variant, one.n + 1);
    }
}

/* What an argument of the verb says in this run; empty: nothing that can be told from here. */
static struct span argument(const struct step *verb, const char *name, const struct run_result *run)
{
    for (size_t i = 0; i < verb->count; i++) {
        const struct field *f = &verb->field[i];
        if (!f->name || strcmp(f->name, name) != 0 || f->pattern.path) continue;
        if (f->pattern.kind == PATTERN_VARIABLE)
            return combination_axis(buf_span(&run->variant), f->pattern.text);
        if (f->pattern.kind == PATTERN_LITERAL || f->pattern.kind == PATTERN_CALL)
            return span_str(f->pattern.text);
    }
    return span(NULL, 0);
}

static const struct scenario *scenario_of(const struct suite *s, const struct run_result *run)
{
    for (size_t i = 0; i < s->flows.count; i++) {
        if (span_is(buf_span(&run->scenario), s->flows.scenario[i]->id)) return s->flows.scenario[i];
    }
    return NULL;
}

struct span combination_told(const struct suite *s, const struct run_result *run, const char *verb,
                             const char *name)
{
    const struct scenario *played = scenario_of(s, run);
    const struct step *step = played ? last_verb(played, verb) : NULL;

    return step ? argument(step, name, run) : span(NULL, 0);
}

bool combination_lets_in(const struct suite *s, const struct run_result *run)
{
    const struct scenario *played = scenario_of(s, run);
    const struct step *connect = played ? last_verb(played, "connect") : NULL;

    for (size_t i = connect ? (size_t)(connect - played->step) : 0; connect && i < played->steps; i++) {
        if (lets_in(&played->step[i])) return true;
    }
    return false;
}

enum combination combination_of(const struct suite *s, const struct run_result *run)
{
    struct span tls = combination_told(s, run, "connect", "tls"),
                mqtt = combination_told(s, run, "connect", "mqtt");
    bool ace = span_is(mqtt, "ace");
    if (tls.n == 0 || !(ace || span_is(mqtt, "none"))) return COMBINATION_UNSAID;
    if (span_is(tls, "anon")) return ace ? COMBINATION_ANON_ACE : COMBINATION_ANON_NONE;
    return ace ? COMBINATION_KNOWN_ACE : COMBINATION_KNOWN_NONE;
}

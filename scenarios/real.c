#include "scenarios/real.h"

#include <stdlib.h>

#include "scenarios/adapter.h"
#include "scenarios/match.h"
#include "scenarios/overheard.h"

/* "refused: Not authorized (0x87)" */
static bool answered_reason(const char *answer, int64_t *reason)
{
    const char *open = strstr(answer, "(0x");
    char *end = NULL;

    *reason = open ? (int64_t)strtoull(open + 1, &end, 16) : 0;
    return !*answer || (open && *end == ')');
}

static const struct field *reason_field(const struct step *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->field[i].name && strcmp(s->field[i].name, "reason") == 0) return &s->field[i];
    }
    return NULL;
}

static bool is_outcome(const struct step *s)
{
    static const char *const words[] = { "CONNACK", "PUBACK", "PUBREC", "SUBACK" };

    if (s->kind != STEP_ARROW || s->to.role != ROLE_CLIENT) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(s->message->word, words[i]) == 0) return true;
    }
    return s->message->kind == MESSAGE_RESPONSE;
}

/* What a name stands for that a message brought is heard on the wire alone. */
static bool needs_wire(const struct pattern *p)
{
    if (p->kind == PATTERN_VARIABLE && !world_variable(span_str(p->text))) return true;
    for (size_t i = 0; i < p->count; i++) {
        if (needs_wire(&p->parts[i])) return true;
    }
    return false;
}

static bool tells_what_came(const struct step *s)
{
    for (size_t i = 0; s->kind == STEP_VERB && i < s->count; i++) {
        if (needs_wire(&s->field[i].pattern)) return true;
    }
    return false;
}

bool real_answers(const struct variant *v)
{
    bool told[WORLD_CLIENTS + 1] = { false };

    for (size_t i = 0; i < v->steps; i++) {
        if (tells_what_came(&v->step[i])) return false;
    }
    for (size_t i = 0; i < v->steps; i++) {
        const struct step *s = &v->step[i];
        if (s->kind == STEP_VERB && s->from.role == ROLE_CLIENT) told[s->from.number] = true;
        if (is_outcome(s) && told[s->to.number]) return true;
    }
    return false;
}

/* One Reason Code per filter, as SUBACK has them. */
static bool codes_fit(struct show *w, const struct step *suback, const struct answered_codes *got)
{
    for (size_t i = 0; i < suback->count; i++) {
        const struct field *f = &suback->field[i];
        if (!f->name || strcmp(f->name, "codes") != 0 || f->pattern.kind != PATTERN_LIST) continue;
        bool fits = f->pattern.count == got->count;
        for (size_t k = 0; k < f->pattern.count && fits; k++) {
            struct value code = value_number(got->code[k]);
            fits = match_value(&w->stage, &f->pattern.parts[k], &code);
        }
        return fits;
    }
    return true;
}

static bool is_suback(const struct step *s)
{
    return s->kind == STEP_ARROW && strcmp(s->message->word, "SUBACK") == 0;
}

static void print_codes(const struct answered_codes *codes, struct buf *out)
{
    buf_str(out, "the client was answered codes");
    for (size_t i = 0; i < codes->count; i++)
        buf_format(out, " 0x%02llx", (unsigned long long)codes->code[i]);
}

/* One check a verb: the last outcome that the figure shows for it before the next verb. */
static void judge_answer(struct show *w, const struct step *verb, const struct step *outcome)
{
    unsigned n = verb->from.number;
    int64_t reason = 0;
    bool settled = show_settled(w, n);

    if (w->over || (!settled && adapter_fell(w, verb->from, false))) return;
    struct check_result *c = result_check(w->result);
    if (!c) return;
    buf_str(&c->file, outcome->at.file);
    c->line = outcome->at.line;
    step_print(outcome, &c->arrow);
    const struct field *f = reason_field(outcome);
    bool good = outcome->message->kind == MESSAGE_RESPONSE ? outcome->message->code / 100 == 2 : true;
    if (f) {
        struct value v = value_number(0);
        c->held = settled && answered_reason(w->answer[n], &reason);
        v.number = reason;
        c->held = c->held && match_value(&w->stage, &f->pattern, &v);
    } else {
        c->held = settled && (w->answer[n][0] == 0) == good;
    }
    bool coded = is_suback(outcome) && c->held && !codes_fit(w, outcome, &w->codes[n]);
    c->held = c->held && !coded;
    if (c->held) return;
    w->over = true;
    if (coded) {
        buf_str(&c->want, "as the figure says");
        print_codes(&w->codes[n], &c->got);
        return;
    }
    buf_str(&c->want, good ? "as the figure says" : "a refusal");
    buf_format(&c->got, "the client was answered \"%s\"",
               settled ? w->answer[n][0] ? w->answer[n] : "ok" : "nothing in time");
}

void real_play(struct show *w)
{
    const struct step *verb[WORLD_CLIENTS + 1] = { NULL }, *outcome[WORLD_CLIENTS + 1] = { NULL };

    for (size_t i = 0; i <= w->variant->steps && !w->over; i++) {
        const struct step *s = i < w->variant->steps ? &w->variant->step[i] : NULL;
        if (s && is_outcome(s) && verb[s->to.number] && !outcome[s->to.number]) outcome[s->to.number] = s;
        for (unsigned n = 1; n <= WORLD_CLIENTS; n++) {
            bool ends = !s || s->kind == STEP_CLOCK || s->kind == STEP_VERB;
            if (ends && verb[n] && outcome[n]) judge_answer(w, verb[n], outcome[n]);
            if (ends) verb[n] = outcome[n] = NULL;
        }
        if (!s || w->over) continue;
        if (s->kind == STEP_VERB) {
            show_verb(w, s);
            verb[s->from.number] = s;
        }
        if (s->kind == STEP_CLOCK) show_clock(w, s);
        if (!w->testimony) continue;
        if (s->kind == STEP_ARROW) overheard_arrow(w, s);
        if (s->kind == STEP_TLS) overheard_handshake(w, s);
        if (s->kind == STEP_QUIET) overheard_quiet(w, s);
    }
}

#include "scenarios/play.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/secret_file.h"
#include "scenarios/cast.h"
#include "scenarios/real.h"
#include "scenarios/testimony.h"
#include "scenarios/with.h"

/* --- how a run ends early --- */

void show_error(struct show *w, const char *format, ...)
{
    char text[1000];
    va_list args;

    if (w->over) return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_str(&w->result->why, text);
    w->result->verdict = VERDICT_ERROR;
    w->over = true;
}

void show_skip(struct show *w, const char *what)
{
    if (w->over) return;
    buf_str(&w->result->why, what);
    w->result->verdict = VERDICT_SKIP;
    w->over = true;
}

/* --- the whole --- */

static void play_step(struct show *w, const struct step *s)
{
    switch (s->kind) {
    case STEP_ARROW:
        show_arrow(w, s);
        break;
    case STEP_TLS:
        show_handshake(w, s);
        break;
    case STEP_VERB:
        show_verb(w, s);
        break;
    case STEP_CLOCK:
        show_clock(w, s);
        break;
    case STEP_QUIET:
        show_quiet(w, s);
        break;
    }
}

static bool noticed(const struct run_result *r)
{
    for (size_t i = 0; i < r->check_count; i++) {
        if (!r->checks[i].held) return true;
    }
    return false;
}

/* What the sender of step `at` plays. */
static const struct step *said(const struct play *p, size_t at)
{
    const struct mutant *m = p->mutant;

    if (!m || m->step != at) return &p->variant->step[at];
    return m->kind == MUTANT_DROPPED ? NULL : &m->broken;
}

static void play_steps(struct show *w, const struct play *p)
{
    for (size_t i = 0; i < p->variant->steps && !w->over; i++) {
        w->said = said(p, i);
        play_step(w, &p->variant->step[i]);
        w->over |= p->mutant && noticed(w->result);
    }
}

static bool is_played_by(const struct show *w, enum player p)
{
    for (enum role r = 0; r < ROLE_COUNT; r++) {
        if (w->players[r] == p) return true;
    }
    return false;
}

static void open_trace(struct show *w)
{
    char path[600];

    snprintf(path, sizeof path, "%s/trace.jsonl", w->dir);
    w->trace = secret_file_append(path);
}

static enum err make_world(struct show *w, const struct play *p)
{
    TRY(world_make(p->variant, &w->world));
    TRY(stage_init(&w->stage, &w->world, p->variant));
    TRY(net_new(p->patience, &w->net));
    if (p->dir) TRY(evidence_new(&w->world, &w->evidence));
    bool ours = !is_played_by(w, PLAYER_PUPPET) && !is_played_by(w, PLAYER_EXTERNAL);
    if (ours) TRY(testimony_new(&w->world, &w->testimony));
    if (w->testimony) w->testimony->evidence = w->evidence;
    return OK;
}

/* keys.log may be there already: all programs write to it where no puppet does. */
static void keep_evidence(struct show *w, const struct play *p)
{
    struct buf message = { 0 };
    char path[600];

    if (!w->evidence) return;
    if (p->evidence || w->result->verdict == VERDICT_ERROR || noticed(w->result)) {
        if (evidence_write(w->evidence, p->dir, &message) != OK)
            show_error(w, "evidence: %s", buf_cstr(&message));
    } else {
        snprintf(path, sizeof path, "%s/keys.log", p->dir);
        unlink(path);
    }
    buf_clear(&message);
}

void play_run(const struct play *p, struct run_result *out)
{
    struct show *w = calloc(1, sizeof *w);
    const char *version = variant_value(p->variant, "version");

    buf_str(&out->scenario, p->variant->scenario->id);
    variant_print(p->variant, &out->variant);
    with_print(p->variant->setting, p->variant->settings, &out->with);
    if (p->dir) buf_str(&out->dir, p->dir);
    memcpy(out->players, p->players, sizeof out->players);
    if (!w) {
        out->verdict = VERDICT_ERROR;
        return;
    }
    w->variant = p->variant;
    w->result = out;
    w->dir = p->dir;
    memcpy(w->players, p->players, sizeof w->players);
    memcpy(w->sut, p->sut, sizeof w->sut);
    for (unsigned n = 0; n <= WORLD_CLIENTS; n++)
        w->version[n] = version && strcmp(version, "4") == 0 ? MQTT_V311 : MQTT_V5;
    bool real = !is_played_by(w, PLAYER_PUPPET);
    if (p->dir) open_trace(w);
    if (make_world(w, p) != OK) show_error(w, "the world cannot be made");
    if (!w->over) cast_start(w, p->bin);
    if (!w->over && real) real_play(w);
    if (!w->over && !real) play_steps(w, p);
    if (w->net) {
        cast_stop(w);
        net_free(w->net);
        cast_free(w);
    }
    keep_evidence(w, p);
    evidence_free(w->evidence);
    testimony_free(w->testimony);
    stage_clear(&w->stage);
    world_clear(&w->world);
    if (w->trace) fclose(w->trace);
    free(w);
}

bool play_has_role(const struct variant *v, enum role r)
{
    for (size_t i = 0; i < v->steps; i++) {
        const struct step *s = &v->step[i];
        bool speaks = s->kind == STEP_ARROW || s->kind == STEP_TLS || s->kind == STEP_VERB;
        bool hears = s->kind == STEP_ARROW || s->kind == STEP_TLS || s->kind == STEP_QUIET;
        if ((speaks && s->from.role == r) || (hears && s->to.role == r)) return true;
    }
    return false;
}

bool play_is_told(const struct variant *v, enum role r)
{
    for (size_t i = 0; i < v->steps; i++) {
        if (v->step[i].kind == STEP_VERB && v->step[i].from.role == r) return true;
    }
    return false;
}

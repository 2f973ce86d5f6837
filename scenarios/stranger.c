#include "scenarios/stranger.h"

#include "scenarios/line.h"
#include "scenarios/world.h"

/* --- tokens that it would have to trust --- */

/* Names of what our AS made or agreed on, so far in the run. */
struct trusted {
    struct arena arena;
    size_t count;
    const char **name;
};

static bool is_by_nobody(const struct pattern *token)
{
    for (size_t i = 0; i < token->count; i++) {
        const struct pattern *p = &token->parts[i];
        if (p->argument && p->text && strcmp(p->argument, "sign") == 0 && strcmp(p->text, "other") == 0)
            return true;
    }
    return false;
}

static bool has_name(const struct trusted *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->name[i], name) == 0) return true;
    }
    return false;
}

static bool has_token(const struct trusted *t, const struct pattern *p)
{
    if (p->kind == PATTERN_CALL && p->fn == FN_TOKEN) return !is_by_nobody(p);
    if (p->kind == PATTERN_VARIABLE && has_name(t, p->text)) return true;
    for (size_t i = 0; i < p->count; i++) {
        if (has_token(t, &p->parts[i])) return true;
    }
    return false;
}

static void remember(struct trusted *t, const struct pattern *p)
{
    if (p->capture && has_token(t, p)) {
        const char **slot = APPEND(&t->arena, t->name, t->count);
        if (slot) *slot = p->capture;
    }
    for (size_t i = 0; i < p->count; i++) remember(t, &p->parts[i]);
}

static bool shows_token(struct trusted *t, const struct step *s)
{
    bool reaches = (s->kind == STEP_ARROW || s->kind == STEP_TLS) && s->to.role == ROLE_BROKER, shown = false;

    for (size_t i = 0; i < s->count; i++) {
        shown |= reaches && has_token(t, &s->field[i].pattern);
        remember(t, &s->field[i].pattern);
    }
    return shown;
}

static bool speaks_to_as(const struct step *s)
{
    bool speaks = s->kind == STEP_ARROW || s->kind == STEP_TLS;

    return speaks && ((s->from.role == ROLE_BROKER && s->to.role == ROLE_AS) ||
                      (s->from.role == ROLE_AS && s->to.role == ROLE_BROKER));
}

static bool beyond_broker(const struct variant *v, struct buf *why)
{
    struct trusted t = { 0 };
    bool token = false, as = false;

    for (size_t i = 0; i < v->steps; i++) {
        token |= shows_token(&t, &v->step[i]);
        as |= speaks_to_as(&v->step[i]);
    }
    arena_clear(&t.arena);
    if (token || as)
        buf_str(why,
                "needs a token that this broker would trust: give it the AS's key, see docs/adapters.md");
    return token || as;
}

/* --- logins that it would have to know --- */

static bool names_client(const struct pattern *p)
{
    static const char *const ours[] = { "client", "client_key", "secret", "barred", "coap", "defaulted" };

    for (size_t i = 0; p->text && i < sizeof ours / sizeof *ours; i++) {
        if (p->kind != PATTERN_CALL && strcmp(p->text, ours[i]) == 0) return true;
    }
    for (size_t i = 0; i < p->count; i++) {
        if (names_client(&p->parts[i])) return true;
    }
    return false;
}

/* Without a word on it a puppet logs in. */
static bool logs_in(const struct step *s)
{
    bool said = false;

    for (size_t i = 0; i < s->count; i++) {
        bool auth = s->field[i].name && strcmp(s->field[i].name, "auth") == 0;
        if (auth && names_client(&s->field[i].pattern)) return true;
        said |= auth;
    }
    return !said;
}

static bool beyond_as(const struct variant *v, struct buf *why)
{
    for (size_t i = 0; i < v->steps && why->n == 0; i++) {
        const struct step *s = &v->step[i];
        if (s->kind != STEP_ARROW || s->to.role != ROLE_AS) continue;
        if (logs_in(s))
            buf_str(why, "needs a client that this AS knows: tell it ours, see docs/adapters.md");
        else if (s->path && strcmp(s->path, WORLD_TOKEN_PATH) != 0)
            buf_format(why, "asks at %s, where no standard obliges an AS to have anything", s->path);
    }
    return why->n > 0;
}

bool stranger_lacks(enum role role, const struct variant *v, struct buf *why)
{
    return role == ROLE_AS ? beyond_as(v, why) : beyond_broker(v, why);
}

/* --- what it says of itself --- */

static const struct {
    const char *name;
    enum function any;
} unknown[] = { { "as", FN_URI }, { "broker", FN_TEXT }, { "issuer", FN_TEXT }, { "rs_cnf", FN_ANY } };

static void forget(struct pattern *p)
{
    for (size_t i = 0; p->kind == PATTERN_VARIABLE && i < sizeof unknown / sizeof *unknown; i++) {
        if (p->path || strcmp(p->text, unknown[i].name) != 0) continue;
        p->kind = PATTERN_CALL;
        p->fn = unknown[i].any;
        p->text = function_def(p->fn)->word;
    }
    for (size_t i = 0; i < p->count; i++) forget(&p->parts[i]);
}

void stranger_adapt(enum role role, struct variant *v)
{
    for (size_t i = 0; i < v->steps; i++) {
        struct step *s = &v->step[i];
        bool says =
            (s->kind == STEP_ARROW && s->from.role == role) || (s->kind == STEP_TLS && s->to.role == role);
        for (size_t k = 0; says && k < s->count; k++) forget(&s->field[k].pattern);
    }
}

#include "scenarios/demand.h"

#include <string.h>

/* --- what is said --- */

/* Does anything in the pattern fit? */
typedef bool fits(const struct pattern *p, const char *word);

static bool any_part(const struct pattern *p, fits *fit, const char *word)
{
    if (fit(p, word)) return true;
    for (size_t i = 0; i < p->count; i++) {
        if (any_part(&p->parts[i], fit, word)) return true;
    }
    return false;
}

static bool any_field(const struct step *s, fits *fit, const char *word)
{
    for (size_t i = 0; i < s->count; i++) {
        if (any_part(&s->field[i].pattern, fit, word)) return true;
    }
    return false;
}

static bool is_variable(const struct pattern *p, const char *word)
{
    return p->kind == PATTERN_VARIABLE && strcmp(p->text, word) == 0;
}

static bool is_call(const struct pattern *p, const char *word)
{
    return p->kind == PATTERN_CALL && strcmp(p->text, word) == 0;
}

static bool is_argument(const struct pattern *p, const char *word)
{
    return p->argument && strcmp(p->argument, word) == 0 && p->kind != PATTERN_ABSENT;
}

static bool is_key_of(const struct pattern *p, const char *word)
{
    bool key = p->kind == PATTERN_CALL && (p->fn == FN_KEY || p->fn == FN_TOKEN) && p->count > 0;

    return key && p->parts[0].kind == PATTERN_LITERAL && strcmp(p->parts[0].text, word) == 0;
}

static bool is_key_by_default(const struct pattern *p, const char *word)
{
    (void)word;
    return p->kind == PATTERN_CALL && p->fn == FN_KEY && (p->count == 0 || p->parts[0].argument);
}

static bool has_wildcard(const struct pattern *p, const char *word)
{
    return p->kind == PATTERN_LITERAL && p->text && strpbrk(p->text, word);
}

static bool starts_so(const struct pattern *p, const char *word)
{
    return p->kind == PATTERN_LITERAL && p->text && strncmp(p->text, word, strlen(word)) == 0;
}

static bool is_number(const struct pattern *p, int64_t number)
{
    return p->kind == PATTERN_LITERAL && p->is_number && p->number == number;
}

static const struct field *named(const struct step *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->field[i].name && strcmp(s->field[i].name, name) == 0 && !s->field[i].path) return &s->field[i];
    }
    return NULL;
}

/* A field that must be there. */
static bool has(const struct step *s, const char *name)
{
    const struct field *f = named(s, name);

    return f && !f->optional && f->pattern.kind != PATTERN_ABSENT;
}

static bool is_message(const struct step *s, const char *word)
{
    return s->kind == STEP_ARROW && s->message->kind == MESSAGE_MQTT && strcmp(s->message->word, word) == 0;
}

static bool is_told(const struct step *s, const char *verb)
{
    return s->kind == STEP_VERB && strcmp(s->verb->word, verb) == 0;
}

static bool is_told_with(const struct step *s, const char *name, const char *value)
{
    const struct field *f = s->kind == STEP_VERB ? named(s, name) : NULL;

    return f && f->pattern.kind == PATTERN_LITERAL && strcmp(f->pattern.text, value) == 0;
}

static bool is_to_broker(const struct step *s)
{
    return s->kind == STEP_ARROW && s->to.role == ROLE_BROKER;
}

/* --- feature by feature --- */

static bool exporter(const struct step *s)
{
    return is_told_with(s, "pop", "exporter") || (is_to_broker(s) && any_field(s, is_variable, "exporter"));
}

static bool has_reason(const struct step *s, const char *word, int64_t reason)
{
    const struct field *f = is_message(s, word) ? named(s, "reason") : NULL;

    return f && is_number(&f->pattern, reason);
}

static bool challenge(const struct step *s)
{
    return is_told_with(s, "pop", "challenge") || has_reason(s, "AUTH", 0x18);
}

static bool reauth(const struct step *s)
{
    return is_told(s, "reauth") || has_reason(s, "AUTH", 0x19);
}

static bool authz_info(const struct step *s)
{
    const struct field *topic = is_message(s, "PUBLISH") && is_to_broker(s) ? named(s, "topic") : NULL;

    return is_told(s, "publish-token") || (topic && topic->pattern.kind == PATTERN_LITERAL &&
                                           strcmp(topic->pattern.text, "authz-info") == 0);
}

static bool discovery(const struct step *s)
{
    for (size_t i = 0; i < s->count && is_message(s, "CONNACK"); i++) {
        const struct field *f = &s->field[i];
        bool hint = f->pattern.kind == PATTERN_PAIR && strcmp(f->pattern.text, "ace_as_hint") == 0;
        if (hint && !f->optional && f->pattern.parts[0].kind != PATTERN_ABSENT) return true;
    }
    return false;
}

static bool filters(const struct step *s, fits *fit, const char *word)
{
    const struct field *f = is_message(s, "SUBSCRIBE") ? named(s, "filters") : NULL;

    return f && any_part(&f->pattern, fit, word);
}

static bool wildcard(const struct step *s)
{
    return filters(s, has_wildcard, "+#");
}

static bool shared(const struct step *s)
{
    return filters(s, starts_so, "$share/");
}

static bool rpk(const struct step *s)
{
    return is_told_with(s, "tls", "rpk") || (s->kind == STEP_TLS && any_field(s, is_call, "rpk"));
}

static bool psk(const struct step *s)
{
    return is_told_with(s, "tls", "psk") || (s->kind == STEP_TLS && any_field(s, is_call, "psk"));
}

static bool mqtt311(const struct step *s)
{
    const struct field *f = is_message(s, "CONNECT") ? named(s, "version") : NULL;

    return is_told_with(s, "version", "4") || (f && is_number(&f->pattern, 4));
}

static bool introspection(const struct step *s)
{
    return s->kind == STEP_ARROW && s->path && strncmp(s->path, "/introspect", 11) == 0;
}

static bool revocation(const struct step *s)
{
    return s->kind == STEP_ARROW && s->path && strncmp(s->path, "/revoke", 7) == 0;
}

static bool cnonce(const struct step *s)
{
    const struct field *f = named(s, "cnonce");

    return any_field(s, is_argument, "cnonce") || (f && f->pattern.kind != PATTERN_ABSENT);
}

static bool exi(const struct step *s)
{
    return any_field(s, is_argument, "exi") || has(s, "exi");
}

static bool session(const struct step *s)
{
    const struct field *f = is_message(s, "CONNECT") ? named(s, "clean_start") : NULL;

    return f && is_number(&f->pattern, 0);
}

static bool will(const struct step *s)
{
    return is_message(s, "CONNECT") && has(s, "will_topic");
}

static bool retain(const struct step *s)
{
    const struct field *f = is_message(s, "PUBLISH") ? named(s, "retain") : NULL;

    return f && is_number(&f->pattern, 1);
}

static bool topic_alias(const struct step *s)
{
    return is_message(s, "PUBLISH") && has(s, "topic_alias");
}

static bool public_topics(const struct step *s)
{
    const struct field *f = is_message(s, "PUBLISH") ? named(s, "topic") : NULL;

    return f && any_part(&f->pattern, starts_so, "public/");
}

static bool hs256(const struct step *s)
{
    return any_field(s, is_key_of, "hs256");
}

static bool ed25519(const struct step *s)
{
    return any_field(s, is_key_of, "ed25519");
}

static bool es256(const struct step *s)
{
    return any_field(s, is_key_of, "es256");
}

static bool makes_token(const struct step *s)
{
    return any_field(s, is_call, "token");
}

static bool makes_key(const struct step *s)
{
    return any_field(s, is_key_by_default, "");
}

/* The value of an axis counts where a step shows it; `shows` NULL: wherever it is varied. */
enum { MQTT_ENDS = 1 << ROLE_CLIENT | 1 << ROLE_BROKER };
static const struct clue {
    unsigned of; /* of which roles: what client and broker do is nothing to the AS */
    const char *feature;
    bool (*shows)(const struct step *s);
    const char *axis, *value;
} clues[] = {
    /* clang-format off */
    { MQTT_ENDS, "exporter",      exporter,      NULL,      NULL },
    { MQTT_ENDS, "challenge",     challenge,     NULL,      NULL },
    { MQTT_ENDS, "reauth",        reauth,        NULL,      NULL },
    { MQTT_ENDS, "authz-info",    authz_info,    NULL,      NULL },
    { MQTT_ENDS, "discovery",     discovery,     NULL,      NULL },
    { MQTT_ENDS, "wildcard",      wildcard,      NULL,      NULL },
    { MQTT_ENDS, "shared",        shared,        NULL,      NULL },
    { MQTT_ENDS, "rpk",           rpk,           NULL,      NULL },
    { ALL_ROLES, "rpk",           NULL,          "server",  "rpk" },
    { MQTT_ENDS, "psk",           psk,           NULL,      NULL },
    { MQTT_ENDS, "mqtt311",       mqtt311,       NULL,      NULL },
    { ALL_ROLES, "mqtt311",       NULL,          "version", "4" },
    { ALL_ROLES, "tls12",         NULL,          "tls",     "1.2" },
    { ALL_ROLES, "introspection", introspection, NULL,      NULL },
    { ALL_ROLES, "introspection", NULL,          "token",   "reference" },
    { ALL_ROLES, "revocation",    revocation,    NULL,      NULL },
    { ALL_ROLES, "cnonce",        cnonce,        NULL,      NULL },
    { ALL_ROLES, "exi",           exi,           NULL,      NULL },
    { MQTT_ENDS, "session",       session,       NULL,      NULL },
    { MQTT_ENDS, "will",          will,          NULL,      NULL },
    { MQTT_ENDS, "retain",        retain,        NULL,      NULL },
    { MQTT_ENDS, "topic-alias",   topic_alias,   NULL,      NULL },
    { MQTT_ENDS, "public-topics", public_topics, NULL,      NULL },
    { ALL_ROLES, "cbor",          NULL,          "enc",     "cbor" },
    { ALL_ROLES, "form",          NULL,          "enc",     "form" },
    { ALL_ROLES, "jwt",           makes_token,   "token",   "jwt" },
    { ALL_ROLES, "jwt",           NULL,          "token",   "jwt" },
    { ALL_ROLES, "cwt",           makes_token,   "token",   "cwt" },
    { ALL_ROLES, "cwt",           NULL,          "token",   "cwt" },
    { ALL_ROLES, "hs256",         hs256,         NULL,      NULL },
    { ALL_ROLES, "hs256",         makes_key,     "pop",     "hs256" },
    { ALL_ROLES, "hs256",         NULL,          "pop",     "hs256" },
    { ALL_ROLES, "ed25519",       ed25519,       NULL,      NULL },
    { ALL_ROLES, "ed25519",       NULL,          "pop",     "ed25519" },
    { ALL_ROLES, "es256",         es256,         NULL,      NULL },
    { ALL_ROLES, "es256",         NULL,          "pop",     "es256" },
    /* clang-format on */
};

static bool is_bound(const struct variant *v, const struct clue *c)
{
    for (size_t i = 0; i < v->bindings; i++) {
        const struct binding *b = &v->binding[i];
        if (strcmp(b->axis, c->axis) == 0 && strcmp(b->value, c->value) == 0) return b->varied || c->shows;
    }
    return false;
}

static bool is_there(const struct variant *v, const struct clue *c)
{
    if (c->axis && !is_bound(v, c)) return false;
    if (!c->shows) return true;
    for (size_t i = 0; i < v->steps; i++) {
        if (c->shows(&v->step[i])) return true;
    }
    return false;
}

bool demand_has(const struct variant *v, enum role of, const struct feature_def *feature)
{
    for (size_t i = 0; i < sizeof clues / sizeof *clues; i++) {
        bool concerns = clues[i].of & 1u << of;
        if (concerns && strcmp(clues[i].feature, feature->name) == 0 && is_there(v, &clues[i])) return true;
    }
    return false;
}

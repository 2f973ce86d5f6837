#include "scenarios/alter.h"

#include "scenarios/admit.h"
#include "scenarios/line.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * Patterns made here have no place (line 0): they are of no flow. "mutant" stands wherever any text will do.
 */
static const char other_text[] = "mutant";

enum { UNLIKELY = 4242, MOST_NUMBERS = 8 };

static struct pattern literal(const char *text)
{
    struct pattern p = { .kind = PATTERN_LITERAL };

    pattern_set_text(&p, text);
    return p;
}

static struct pattern number(struct altering *a, const char *format, int64_t n)
{
    char text[24];

    snprintf(text, sizeof text, format, (long long)n);
    return literal(arena_text(a->arena, span_str(text)));
}

/* A node with copies of these parts; without memory it has none, and the arena knows. */
static struct pattern node(struct altering *a, enum pattern_kind kind, const struct pattern *parts, size_t n)
{
    struct pattern p = { .kind = kind, .parts = arena_take(a->arena, n * sizeof *parts) };

    if (!p.parts) return p;
    memcpy(p.parts, parts, n * sizeof *parts);
    p.count = n;
    return p;
}

static struct pattern call(struct altering *a, enum function fn, const struct pattern *parts, size_t n)
{
    struct pattern p = node(a, PATTERN_CALL, parts, n);

    p.fn = fn;
    p.text = function_def(fn)->word;
    return p;
}

static bool refuse(struct altering *a, const char *why)
{
    a->why = why;
    return false;
}

static bool is_old_mqtt(const struct altering *a)
{
    const char *version = variant_value(a->variant, "version");

    return version && strcmp(version, "4") == 0;
}

static bool named(const struct altering *a, const char *names)
{
    return words_have(names, span_str(a->field->name));
}

static bool on(const struct altering *a, const char *messages)
{
    return words_have(messages, span_str(a->step->message->word));
}

/* ---- numbers ---- */

static const struct candidates {
    const char *messages, *fields; /* "a|b", NULL: any */
    const char *format;
    size_t count;
    int64_t number[MOST_NUMBERS];
} candidates[] = {
    /* clang-format off: the first row that fits; reason codes that may stand in that packet */
    { "AUTH", "reason", "0x%02llx", 3, { 0x18, 0x19, 0x00 } },
    { "PUBREL|PUBCOMP", "reason", "0x%02llx", 2, { 0x92, 0x00 } },
    { NULL, "reason|codes", "0x%02llx", 4, { 0x80, 0x87, 0x00, 0x01 } },
    { NULL, "qos|will_qos|retain_handling", "%lld", 3, { 0, 1, 2 } },
    { "CONNECT", "version", "%lld", 2, { 5, 4 } },
    { NULL, "max_qos|payload_format", "%lld", 2, { 0, 1 } },
    { "2xx", "status", "%lld", 2, { 299, 298 } },
    { "4xx", "status", "%lld", 2, { 418, 417 } },
    { "5xx", "status", "%lld", 2, { 599, 598 } },
    /* clang-format on */
};

/* MQTT 3.1.1 return codes. */
static const struct candidates old_connack = { NULL, NULL, "0x%02llx", 4, { 5, 3, 2, 0 } };
static const struct candidates flags = { NULL, NULL, "%lld", 2, { 0, 1 } };

static const struct candidates *find_candidates(const struct altering *a)
{
    if (a->field->def->type == FIELD_FLAG) return &flags;
    if (is_old_mqtt(a) && on(a, "CONNACK") && named(a, "reason")) return &old_connack;
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        const struct candidates *c = &candidates[i];
        if ((!c->messages || on(a, c->messages)) && named(a, c->fields)) return c;
    }
    return NULL;
}

/* The first number that a pattern speaks of; 0 if it speaks of none. */
static void note_number(const struct pattern *p, void *n)
{
    if (p->is_number && *(int64_t *)n == 0) *(int64_t *)n = p->number;
}

static struct candidates near_numbers(const struct pattern *p)
{
    int64_t n = 0;

    pattern_walk(p, note_number, &n);
    struct candidates near = { NULL, NULL, "%lld", 5, { n + 1, n + 2, UNLIKELY, 1, 0 } };
    if (n >= UINT16_MAX) near.number[0] = n - 1;
    return near;
}

static bool alter_number(struct altering *a, const struct pattern *p, struct pattern *out)
{
    const struct candidates *c = find_candidates(a);
    struct candidates near = near_numbers(p);

    if (!c) c = &near;
    for (size_t i = 0; i < c->count; i++) {
        if (admits_number(p, c->number[i])) continue;
        *out = number(a, c->format, c->number[i]);
        return true;
    }
    return refuse(a, "every number that may stand here is right");
}

/* ---- texts and octets ---- */

enum { TEXTS = 3 };

static bool alter_text(struct altering *a, const struct pattern *p, struct pattern *out)
{
    static const char *const all[TEXTS] = { other_text, "", "another mutant, and a long one at that" };
    static const char *const versions[TEXTS] = { "1.2", "1.3", "1.2" };
    const char *const *texts = a->step->kind == STEP_TLS && named(a, "version") ? versions : all;

    for (size_t i = 0; i < TEXTS; i++) {
        if (admits_text(p, texts[i])) continue;
        *out = literal(texts[i]);
        out->quoted = true;
        return true;
    }
    return refuse(a, "every text is right");
}

static struct pattern spoiled(struct altering *a, const struct pattern *made, enum spoil how)
{
    struct pattern parts[2] = { *made, literal("x") };

    if (how != SPOIL_LONGER) return call(a, how == SPOIL_FLIP ? FN_FLIP : FN_CUT, parts, 1);
    return node(a, PATTERN_JOINED, parts, 2);
}

static bool is_empty(const struct pattern *p)
{
    if (p->kind == PATTERN_CALL && (p->fn == FN_HEX || p->fn == FN_B64) && p->count)
        return is_empty(&p->parts[0]);
    return p->kind == PATTERN_LITERAL && !*p->text;
}

static bool alter_octets(struct altering *a, const struct pattern *p, struct pattern *out)
{
    const struct pattern *made = pattern_made(p);

    if (!pattern_makes(p)) return alter_text(a, p, out);
    for (enum spoil how = is_empty(made) ? SPOIL_LONGER : SPOIL_FLIP; how <= SPOIL_LONGER; how++) {
        if (admits_spoiled(p, how)) continue;
        *out = spoiled(a, made, how);
        return true;
    }
    return alter_text(a, p, out);
}

static bool alter_json(struct altering *a, const struct pattern *p, struct pattern *out)
{
    const struct pattern *made = pattern_made(p);
    bool truth = made->kind == PATTERN_LITERAL && !made->quoted;

    if (truth && words_have("true|false", span_str(made->text))) {
        *out = literal(strcmp(made->text, "true") == 0 ? "false" : "true");
        return !admits_text(p, out->text) || refuse(a, "both truths are right");
    }
    if (made->is_number || (made->kind == PATTERN_CALL && made->fn == FN_INT)) return alter_number(a, p, out);
    return alter_text(a, p, out);
}

/* ---- what has parts ---- */

static bool alter_entry(struct altering *a, const struct pattern *entry, struct pattern *out)
{
    return named(a, "codes") ? alter_number(a, entry, out) : alter_text(a, entry, out);
}

/* Its first entry is another, or where nothing is said of entries it has one that nobody asked for. */
static bool alter_list(struct altering *a, const struct pattern *p, struct pattern *out)
{
    const struct pattern *made = pattern_made(p);
    struct pattern first = literal(named(a, "codes") ? "0x80" : other_text);

    if (made->kind == PATTERN_CALL) return refuse(a, "every list is right");
    *out = node(a, PATTERN_LIST, &first, 1);
    if (made->kind != PATTERN_LIST || made->count == 0) return true;
    if (!alter_entry(a, &made->parts[0], &first)) return false;
    *out = node(a, PATTERN_LIST, made->parts, made->count);
    if (out->count) out->parts[0] = first;
    return true;
}

static bool alter_scope(struct altering *a, const struct pattern *p, struct pattern *out)
{
    const struct pattern *made = pattern_made(p);
    struct pattern pub = literal("pub");
    struct pattern parts[2] = { literal(other_text), node(a, PATTERN_LIST, &pub, 1) };

    if (made->kind == PATTERN_CALL && made->fn == FN_ANY) return refuse(a, "every scope is right");
    *out = node(a, PATTERN_LIST, parts, 2);
    return true;
}

static bool alter_pair(struct altering *a, const struct pattern *p, struct pattern *out)
{
    const struct pattern *made = pattern_made(p);
    struct pattern value = literal(other_text);

    if (made->kind == PATTERN_PAIR && !alter_text(a, &made->parts[0], &value)) return false;
    *out = node(a, PATTERN_PAIR, &value, 1);
    out->text = made->kind == PATTERN_PAIR ? made->text : other_text;
    return true;
}

/* ---- keys ---- */

/* An algorithm that is neither the one written nor the one of this world. */
static const char *other_algorithm(const struct altering *a, const struct pattern *made)
{
    enum { ALGORITHMS = 3 };
    static const char *const all[ALGORITHMS] = { "ed25519", "es256", "hs256" };
    const char *world = variant_value(a->variant, "pop"), *written = NULL;
    size_t i = 0;

    if (made->kind == PATTERN_CALL && made->count && !made->parts[0].argument) written = made->parts[0].text;
    for (; i < ALGORITHMS - 1; i++) {
        bool taken = (world && strcmp(all[i], world) == 0) || (written && strcmp(all[i], written) == 0);
        if (!taken) break;
    }
    return all[i];
}

static struct pattern other_key(struct altering *a, const struct pattern *made)
{
    struct pattern algorithm = literal(other_algorithm(a, made));

    return call(a, FN_KEY, &algorithm, 1);
}

static bool alter_key(struct altering *a, const struct pattern *p, struct pattern *out)
{
    const struct pattern *made = pattern_made(p);

    if (made->kind == PATTERN_CALL && made->fn == FN_ANY) return refuse(a, "every key is right");
    *out = other_key(a, made);
    return true;
}

/* client_auth and auth: nobody where somebody is expected, somebody where nobody is. */
static bool alter_word(struct altering *a, const struct pattern *p, struct pattern *out)
{
    const struct pattern *made = pattern_made(p);
    struct pattern parts[2] = { literal(other_text), literal(other_text) };

    if (named(a, "server_auth")) return refuse(a, "the world decides what a server shows");
    *out = literal("none");
    if (!admits_text(p, "none") && !(made->kind == PATTERN_CALL && made->fn == FN_ANY)) return true;
    if (made->kind == PATTERN_CALL || p->kind == PATTERN_EITHER) return refuse(a, "every login is right");
    parts[1] = named(a, "auth") ? parts[1] : other_key(a, made);
    *out = named(a, "auth") ? call(a, FN_BASIC, parts, 2) : call(a, FN_RPK, &parts[1], 1);
    return true;
}

/* ---- by type ---- */

typedef bool alter(struct altering *a, const struct pattern *p, struct pattern *out);

static alter *const alters[] = {
    [FIELD_INT] = alter_number,  [FIELD_REASON] = alter_number, [FIELD_FLAG] = alter_number,
    [FIELD_TEXT] = alter_text,   [FIELD_BYTES] = alter_octets,  [FIELD_PAIR] = alter_pair,
    [FIELD_LIST] = alter_list,   [FIELD_WORD] = alter_word,     [FIELD_JSON] = alter_json,
    [FIELD_SCOPE] = alter_scope, [FIELD_KEY] = alter_key,       [FIELD_TOKEN] = alter_octets,
    [FIELD_RAW] = NULL,
};

static bool steps_raw(const struct step *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->field[i].name, "raw") == 0) return true;
    }
    return false;
}

/* Why this field cannot be broken at all; NULL: perhaps it can. */
static const char *untouchable(const struct altering *a)
{
    const struct field *f = a->field;

    if (!f->def || f->path) return "a member: it is made with the whole";
    if (f->def->type == FIELD_RAW || steps_raw(a->step)) return "raw octets are sent, not judged";
    if (a->step->kind == STEP_TLS && !named(a, "version|client_auth"))
        return "a property of the handshake, not of a message";
    if (!is_old_mqtt(a) || a->step->message->kind != MESSAGE_MQTT) return NULL;
    if (f->def->notes & FIELD_PROP) return "MQTT 3.1.1 has no properties";
    if (f->def->type == FIELD_REASON && !on(a, "CONNACK")) return "MQTT 3.1.1 has no reason code here";
    return on(a, "UNSUBACK") && named(a, "codes") ? "MQTT 3.1.1 has no reason code here" : NULL;
}

bool alter_value(struct altering *a, struct pattern *out)
{
    const struct pattern *p = &a->field->pattern;

    a->why = untouchable(a);
    if (a->why || !alters[a->field->def->type](a, p, out)) return false;
    if (!out->capture) out->capture = out->kind == PATTERN_LITERAL ? pattern_made(p)->capture : NULL;
    return true;
}

/* A puppet never sends a body without its type. */
static bool is_body_type(const struct altering *a)
{
    enum message_kind kind = a->step->message->kind;

    return (kind == MESSAGE_REQUEST || kind == MESSAGE_RESPONSE) &&
           strcmp(a->field->name, "content_type") == 0;
}

/* What the packet's or the message's form requires cannot be left out of it. */
bool alter_can_omit(const struct altering *a)
{
    const struct field_def *d = a->field->def;

    if (untouchable(a) || a->step->kind == STEP_TLS || d->notes & FIELD_ALWAYS || is_body_type(a))
        return false;
    if (a->field->optional || admits_absence(&a->field->pattern)) return false;
    if (d->notes & (FIELD_PROP | FIELD_BODY)) return true;
    return d->type == FIELD_TEXT || d->type == FIELD_BYTES || d->type == FIELD_PAIR;
}

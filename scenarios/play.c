#include "scenarios/play.h"

#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "scenarios/handshake.h"
#include "scenarios/make.h"
#include "scenarios/match.h"
#include "scenarios/settings.h"
#include "scenarios/show.h"

/* --- how a run ends early --- */

void show_error(struct show *w, const char *format, ...)
{
    char text[400];
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

/* --- products --- */

static bool is_ready(void *what)
{
    struct product *p = what;

    return product_ready(p) != NULL || product_exited(p);
}

static struct product *start(struct show *w, const struct play *from, const char *name,
                             const char *const *args)
{
    char program[600], config[600];
    struct product_call call = { .name = name, .dir = w->dir };
    struct product *p = NULL;
    struct buf why = { 0 };

    snprintf(program, sizeof program, "%s/ace-%s", from->bin, args[0]);
    snprintf(config, sizeof config, "%s/%s.json", w->dir, name);
    call.args[0] = program;
    size_t n = 1;
    for (; n < PRODUCT_MAX_ARGS - 1 && args[n]; n++) call.args[n] = args[n];
    call.args[n] = config;
    if (product_start(net_loop(w->net), &call, &p, &why) != OK || !net_wait(w->net, is_ready, p) ||
        !product_ready(p)) {
        show_error(w, "%s did not start: see %s/%s.err", name, w->dir, name);
    }
    buf_clear(&why);
    return p;
}

static uint16_t port_of(const struct product *p)
{
    int64_t port = 0;

    if (p) doc_int(doc_get(product_ready(p), "port"), &port);
    return (uint16_t)port;
}

static void start_as(struct show *w, const struct play *from, const struct settings *s, struct buf *message)
{
    static const char *const args[] = { "as", "--control", "-c", NULL };
    struct tls_keylog log = { 0 };
    struct tls_config *tls = NULL;

    if (w->players[ROLE_AS] == PLAYER_PRODUCT) {
        if (settings_as(s, message) != OK) {
            show_error(w, "%s", buf_cstr(message));
            return;
        }
        w->server[ROLE_AS] = start(w, from, "as", args);
        w->world.as_port = port_of(w->server[ROLE_AS]);
    } else if (handshake_server(&w->stage, ROLE_AS, &log, &tls) != OK ||
               net_listen(w->net, ROLE_AS, tls, &w->world.as_port) != OK) {
        show_error(w, "the AS puppet cannot listen");
    }
    tls_config_free(tls);
}

static void start_broker(struct show *w, const struct play *from, const struct settings *s,
                         struct buf *message)
{
    static const char *const args[] = { "broker", "--control", "-c", NULL };
    struct tls_keylog log = { 0 };
    struct tls_config *tls = NULL;

    if (w->players[ROLE_BROKER] == PLAYER_PRODUCT) {
        if (settings_broker(s, message) != OK) {
            show_error(w, "%s", buf_cstr(message));
            return;
        }
        w->server[ROLE_BROKER] = start(w, from, "broker", args);
        w->world.broker_port = port_of(w->server[ROLE_BROKER]);
    } else if (handshake_server(&w->stage, ROLE_BROKER, &log, &tls) != OK ||
               net_listen(w->net, ROLE_BROKER, tls, &w->world.broker_port) != OK) {
        show_error(w, "the broker puppet cannot listen");
    }
    tls_config_free(tls);
}

static bool acts(const struct variant *v, unsigned client)
{
    for (size_t i = 0; i < v->steps; i++) {
        const struct step *s = &v->step[i];
        if ((s->from.role == ROLE_CLIENT && s->from.number == client) ||
            (s->to.role == ROLE_CLIENT && s->to.number == client))
            return true;
    }
    return false;
}

static void start_clients(struct show *w, const struct play *from, const struct settings *s,
                          struct buf *message)
{
    static const char *const args[] = { "client", "drive", "--config", NULL };
    static const char *const names[] = { "", "client", "client2", "client3", "client4" };

    for (unsigned n = 1; n <= WORLD_CLIENTS && !w->over; n++) {
        if (w->players[ROLE_CLIENT] != PLAYER_PRODUCT || !acts(w->variant, n)) continue;
        if (settings_client(s, n, NULL, message) != OK)
            show_error(w, "%s", buf_cstr(message));
        else
            w->client[n] = start(w, from, names[n], args);
    }
}

static void start_all(struct show *w, const struct play *from)
{
    const char *tls = variant_value(w->variant, "tls"), *server = variant_value(w->variant, "server");
    struct buf message = { 0 };
    struct settings s = { .world = &w->world,
                          .dir = w->dir,
                          .issuer = WORLD_ISSUER,
                          .policy = WORLD_POLICY,
                          .open_topics = WORLD_PUBLIC,
                          .tls_version = tls,
                          .server_rpk = server && strcmp(server, "rpk") == 0 };

    if (settings_keys(&s, &message) != OK) show_error(w, "%s", buf_cstr(&message));
    if (!w->over && w->players[ROLE_AS]) start_as(w, from, &s, &message);
    if (!w->over && w->players[ROLE_BROKER]) start_broker(w, from, &s, &message);
    if (!w->over) start_clients(w, from, &s, &message);
    buf_clear(&message);
}

static bool has_exited(void *what)
{
    return product_exited(what);
}

/* A product that does not stop, crashes or leaks has failed, whatever it said before. */
static void stop(struct show *w, struct product *p, const char *name)
{
    struct buf why = { 0 };

    if (!p) return;
    product_stop(p);
    net_wait(w->net, has_exited, p);
    if (product_failed(p, &why) && w->result->verdict != VERDICT_SKIP) {
        struct check_result *c = result_check(w->result);
        if (c) {
            buf_str(&c->file, w->variant->scenario->at.file);
            c->line = w->variant->scenario->at.line;
            buf_format(&c->arrow, "%s (the program)", name);
            buf_str(&c->want, "runs and stops without fault");
            buf_add(&c->got, buf_span(&why));
        }
    }
    product_kill(p);
    buf_clear(&why);
}

static void stop_all(struct show *w)
{
    for (unsigned n = 1; n <= WORLD_CLIENTS; n++) stop(w, w->client[n], "client");
    stop(w, w->server[ROLE_BROKER], "broker");
    stop(w, w->server[ROLE_AS], "as");
}

static void free_products(struct show *w)
{
    for (unsigned n = 1; n <= WORLD_CLIENTS; n++) product_free(w->client[n]);
    product_free(w->server[ROLE_BROKER]);
    product_free(w->server[ROLE_AS]);
}

/* --- verbs --- */

struct settling {
    struct show *w;
    unsigned client;
};

/* An answer that says "unsupported" ends the run as SKIP. In all-real runs the answer is what is judged. */
static void take_answer(struct show *w, unsigned client, const struct doc *line)
{
    struct span error;
    char what[200];
    int64_t id = 0;

    if (!doc_int(doc_get(line, "id"), &id) || id != w->asked[client]) return;
    w->asked[client] = 0;
    if (!doc_text(doc_get(line, "error"), &error)) error = span(NULL, 0);
    snprintf(w->answer[client], sizeof w->answer[client], "%.*s", (int)(error.n > 180 ? 180 : error.n),
             error.n ? (const char *)error.p : "");
    if (error.n >= 11 && memcmp(error.p, "unsupported", 11) == 0) {
        snprintf(what, sizeof what, "the client: %s", w->answer[client]);
        show_skip(w, what);
    }
}

static bool is_answered(void *what)
{
    struct settling *s = what;

    for (struct doc *d; (d = product_hear(s->w->client[s->client]));) {
        take_answer(s->w, s->client, d);
        doc_free(d);
    }
    return s->w->asked[s->client] == 0 || product_exited(s->w->client[s->client]);
}

bool show_settled(struct show *w, unsigned client)
{
    struct settling s = { w, client };

    if (!w->client[client] || w->asked[client] == 0) return true;
    return net_wait(w->net, is_answered, &s) && w->asked[client] == 0;
}

static struct doc *argument(struct show *w, const struct field *f)
{
    struct value v = { 0 };

    if (make_value(&w->stage, &f->pattern, f->name ? f->name : "", &v) != OK) return NULL;
    return value_doc(&v);
}

static struct doc *tell(struct show *w, const struct step *s)
{
    struct doc *d = doc_new_map(), *args = doc_new_array();

    for (size_t i = 0; i < s->count; i++) {
        struct doc *value = argument(w, &s->field[i]);
        if (!value) continue;
        if (s->field[i].name)
            doc_put(d, s->field[i].name, value);
        else
            doc_add(args, value);
    }
    doc_put(d, "args", args);
    doc_put(d, "do", doc_new_str(s->verb->word));
    doc_put(d, "id", doc_new_int(++w->next_id));
    return d;
}

static void remember_scope(struct show *w, const struct step *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct value v = { 0 };
        if (!s->field[i].name || strcmp(s->field[i].name, "scope") != 0) continue;
        if (make_value(&w->stage, &s->field[i].pattern, "scope", &v) != OK) continue;
        struct doc *tree = v.tree ? scope_tree(v.tree) : NULL;
        if (tree)
            stage_deal(&w->stage)->scope = value_tree(&w->stage.vars, tree);
        else
            stage_deal(&w->stage)->scope = v;
    }
}

void show_verb(struct show *w, const struct step *s)
{
    w->stage.step = s;
    if (strcmp(s->verb->word, "get-token") == 0) remember_scope(w, s);
    if (show_puppet(w, s->from.role)) return;
    if (s->from.role != ROLE_CLIENT) {
        show_skip(w, "our servers are not told this yet");
        return;
    }
    if (!show_settled(w, s->from.number)) {
        show_error(w, "%s:%u: the client did not answer the step before", s->at.file, s->at.line);
        return;
    }
    struct doc *line = tell(w, s);
    w->asked[s->from.number] = w->next_id;
    w->answer[s->from.number][0] = 0;
    if (w->over || product_tell(w->client[s->from.number], line) != OK)
        show_error(w, "the client cannot be told anything: it ended");
}

struct hearing {
    struct product *p;
    int64_t id;
    bool heard;
};

static bool has_heard(void *what)
{
    struct hearing *h = what;
    int64_t id;

    for (struct doc *d; (d = product_hear(h->p));) {
        h->heard |= doc_int(doc_get(d, "id"), &id) && id == h->id;
        doc_free(d);
    }
    return h->heard || product_exited(h->p);
}

static void step_clock(struct show *w, struct product *p, int64_t seconds)
{
    struct doc *d = doc_new_map();
    struct hearing h = { p, ++w->next_id, false };

    doc_put(d, "id", doc_new_int(h.id));
    doc_put(d, "do", doc_new_str("clock"));
    doc_put(d, "offset", doc_new_int(seconds));
    if (product_tell(p, d) != OK || !net_wait(w->net, has_heard, &h) || !h.heard)
        show_error(w, "a clock could not be moved");
}

void show_clock(struct show *w, const struct step *s)
{
    w->stage.jump[s->from.role] += s->seconds;
    if (s->from.role != ROLE_CLIENT) {
        if (w->server[s->from.role]) step_clock(w, w->server[s->from.role], s->seconds);
        return;
    }
    struct product *p = w->client[s->from.number];
    if (p && show_settled(w, s->from.number)) step_clock(w, p, s->seconds);
}

/* --- all real: what the client was answered, against what the figure says it is told --- */

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
    static const char *const words[] = { "CONNACK", "PUBACK", "PUBREC" };

    if (s->kind != STEP_ARROW || s->to.role != ROLE_CLIENT) return false;
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(s->message->word, words[i]) == 0) return true;
    }
    return s->message->kind == MESSAGE_RESPONSE;
}

/* One check a verb: the last outcome that the figure shows for it before the next verb. */
static void judge_answer(struct show *w, const struct step *verb, const struct step *outcome)
{
    unsigned n = verb->from.number;
    int64_t reason = 0;
    bool settled = show_settled(w, n);

    if (w->over) return;
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
    if (c->held) return;
    buf_str(&c->want, good ? "as the figure says" : "a refusal");
    buf_format(&c->got, "the client was answered \"%s\"",
               settled ? w->answer[n][0] ? w->answer[n] : "ok" : "nothing in time");
    w->over = true;
}

static void play_real(struct show *w)
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
    }
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

static bool all_real(const struct show *w)
{
    for (enum role r = 0; r < ROLE_COUNT; r++) {
        if (w->players[r] == PLAYER_PUPPET) return false;
    }
    return true;
}

static void open_trace(struct show *w)
{
    char path[600];

    snprintf(path, sizeof path, "%s/trace.jsonl", w->dir);
    w->trace = fopen(path, "w");
}

void play_run(const struct play *p, struct run_result *out)
{
    struct show *w = calloc(1, sizeof *w);
    const char *version = variant_value(p->variant, "version");

    buf_str(&out->scenario, p->variant->scenario->id);
    variant_print(p->variant, &out->variant);
    buf_str(&out->dir, p->dir);
    memcpy(out->players, p->players, sizeof out->players);
    if (!w) {
        out->verdict = VERDICT_ERROR;
        return;
    }
    w->variant = p->variant;
    w->result = out;
    w->dir = p->dir;
    memcpy(w->players, p->players, sizeof w->players);
    for (unsigned n = 0; n <= WORLD_CLIENTS; n++)
        w->version[n] = version && strcmp(version, "4") == 0 ? MQTT_V311 : MQTT_V5;
    open_trace(w);
    if (world_make(p->variant, &w->world) != OK || stage_init(&w->stage, &w->world, p->variant) != OK ||
        net_new(p->patience, &w->net) != OK) {
        show_error(w, "the world cannot be made");
    }
    if (!w->over) start_all(w, p);
    if (!w->over && all_real(w)) play_real(w);
    for (size_t i = 0; i < p->variant->steps && !w->over && !all_real(w); i++)
        play_step(w, &p->variant->step[i]);
    if (w->net) {
        stop_all(w);
        net_free(w->net);
        free_products(w);
    }
    stage_clear(&w->stage);
    world_clear(&w->world);
    if (w->trace) fclose(w->trace);
    free(w);
}

bool play_has_role(const struct variant *v, enum role r)
{
    for (size_t i = 0; i < v->steps; i++) {
        const struct step *s = &v->step[i];
        bool arrow = s->kind == STEP_ARROW || s->kind == STEP_TLS;
        if (arrow && (s->from.role == r || s->to.role == r)) return true;
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

#include "scenarios/cast.h"

#include "common/base/file.h"
#include "scenarios/handshake.h"
#include "scenarios/orphans.h"
#include "scenarios/settings.h"
#include "scenarios/testimony.h"

/* How each program is called; the path of its configuration comes last. */
static const char *const calls[ROLE_COUNT][PRODUCT_MAX_ARGS] = {
    [ROLE_CLIENT] = { "client", "drive", "--config" },
    [ROLE_BROKER] = { "broker", "--control", "-c" },
    [ROLE_AS] = { "as", "--control", "-c" },
};

static bool is_ready(void *what)
{
    struct product *p = what;

    return product_ready(p) != NULL || product_exited(p);
}

enum { MAX_LAST = 300 };

/* What the program said last, which is why it did not start. */
static void last_words(const char *path, struct buf *out)
{
    struct buf text = { 0 }, message = { 0 };
    size_t end = 0, from;

    if (file_read(path, &text, &message) == OK) end = text.n;
    while (end && text.p[end - 1] == '\n') end--;
    for (from = end; from && text.p[from - 1] != '\n'; from--) {
    }
    buf_add(out, span(text.p + from, end - from < MAX_LAST ? end - from : MAX_LAST));
    buf_clear(&text);
    buf_clear(&message);
}

/* Names the scenario's own setting, where that is what it does not take. */
static void blame_setting(const struct show *w, enum role r, const char *words, struct buf *out)
{
    for (size_t i = 0; *words && i < w->variant->settings; i++) {
        const struct setting *s = &w->variant->setting[i];
        if (s->role == r && strstr(words, s->key))
            buf_format(out, "%s:%u: with %s %s=%s: ", s->at.file, s->at.line, role_name(r), s->key, s->value);
    }
}

/* A crash is told, and judged, when the program is stopped: it has failed, not we. */
static void show_refusal(struct show *w, enum role r, const char *name, const struct product *p)
{
    struct buf words = { 0 }, blamed = { 0 }, how = { 0 }, where = { 0 };
    char path[600];

    snprintf(path, sizeof path, "%s/%s.err", w->dir, name);
    last_words(path, &words);
    blame_setting(w, r, buf_cstr(&words), &blamed);
    product_silence(p, &how);
    if (words.n || product_spoke(p))
        buf_format(&where, "; see %s/%s.%s", w->dir, name, words.n ? "err" : "out");
    if (product_crashed(p))
        w->over = true;
    else
        show_error(w, "%s%s did not start: %s%s%s%s%s%s", buf_cstr(&blamed), name, buf_cstr(&words),
                   words.n ? " (" : "", buf_cstr(&how), words.n ? ")" : "",
                   w->sut[r] ? "; docs/adapters.md says what is expected" : "", buf_cstr(&where));
    buf_clear(&words);
    buf_clear(&blamed);
    buf_clear(&how);
    buf_clear(&where);
}

struct role_call {
    const char *bin;
    struct party who;
    const char *name; /* of its files */
    char config[600];
};

static void call_product(const struct role_call *c, struct buf *words, struct product_call *out)
{
    const char *const *args = calls[c->who.role];
    size_t n = 1;

    buf_format(&words[0], "%s/ace-%s", c->bin, args[0]);
    out->args[0] = buf_cstr(&words[0]);
    for (; n < PRODUCT_MAX_ARGS - 1 && args[n]; n++) out->args[n] = args[n];
    out->args[n] = c->config;
}

static void call_foreign(const struct role_call *c, const struct sut *s, struct buf *words,
                         struct product_call *out)
{
    const struct sut_places places = { c->config, out->dir, c->bin };

    for (size_t i = 0; i < s->starts; i++) {
        sut_word(s, i, &places, &words[i]);
        out->args[i] = buf_cstr(&words[i]);
    }
}

/* Somebody else's may come with a language of its own to start first. */
enum { PRODUCT_WAITS = 1, FOREIGN_WAITS = 5 };

static bool comes_up(struct show *w, struct product *p, unsigned waits)
{
    bool up = false;

    for (unsigned i = 0; i < waits && !up; i++) up = net_wait(w->net, is_ready, p);
    return up && product_ready(p);
}

static struct product *start(struct show *w, const char *bin, struct party who)
{
    static const char *const clients[] = { "", "client", "client2", "client3", "client4" };
    const struct sut *sut = w->sut[who.role];
    struct role_call c = { bin, who, who.role == ROLE_CLIENT ? clients[who.number] : role_name(who.role),
                           "" };
    struct product_call call = { .name = c.name, .dir = w->dir };
    struct buf why = { 0 }, words[SUT_MAX_START] = { 0 };
    struct product *p = NULL;
    int64_t tap = 0;

    snprintf(c.config, sizeof c.config, "%s/%s.json", w->dir, c.name);
    if (w->testimony) call.tap = (struct product_tap){ testimony_place(w->testimony, who), testimony_line };
    if (sut)
        call_foreign(&c, sut, words, &call);
    else
        call_product(&c, words, &call);
    enum err e = product_start(net_loop(w->net), &call, &p, &why);
    /* Asked before it runs: a broker may turn to the AS as soon as it does. */
    if (e == OK && w->testimony) tap = show_ask_tap(w, p);
    if (e != OK)
        show_error(w, "%s did not start: %s", c.name, buf_cstr(&why));
    else if (!comes_up(w, p, sut ? FOREIGN_WAITS : PRODUCT_WAITS))
        show_refusal(w, who.role, c.name, p);
    if (!w->over && w->testimony) show_await_tap(w, p, tap);
    for (size_t i = 0; i < SUT_MAX_START; i++) buf_clear(&words[i]);
    buf_clear(&why);
    return p;
}

static uint16_t port_of(const struct product *p)
{
    int64_t port = 0;

    if (p) doc_int(doc_get(product_ready(p), "port"), &port);
    return (uint16_t)port;
}

/* It runs already, somewhere. */
static void meet_stranger(struct show *w, enum role r)
{
    const struct sut *s = w->sut[r];

    *(r == ROLE_AS ? &w->world.as_host : &w->world.broker_host) = s->host;
    *(r == ROLE_AS ? &w->world.as_port : &w->world.broker_port) = s->port;
    *(r == ROLE_AS ? &w->world.as_trust : &w->world.broker_trust) = s->trust;
    if (world_rename(&w->world) != OK) show_error(w, "no names for the clients");
}

typedef enum err settings_fn(const struct settings *s, struct buf *message);

static void start_server(struct show *w, const char *bin, enum role r, const struct settings *s,
                         settings_fn *write)
{
    uint16_t *port = r == ROLE_AS ? &w->world.as_port : &w->world.broker_port;
    const struct tls_keylog log = evidence_keylog(w->evidence);
    struct tls_config *tls = NULL;
    struct buf message = { 0 };

    if (w->sut[r] && !w->sut[r]->starts) {
        meet_stranger(w, r);
    } else if (show_puppet(w, r)) {
        if (handshake_server(&w->stage, r, &log, &tls) != OK || net_listen(w->net, r, tls, port) != OK)
            show_error(w, "the %s puppet cannot listen", role_name(r));
    } else if (write(s, &message) != OK) {
        show_error(w, "%s", buf_cstr(&message));
    } else {
        w->server[r] = start(w, bin, (struct party){ r, 1 });
        *port = port_of(w->server[r]);
        if (!w->over && *port == 0)
            show_error(w, "%s: READY names no port, as READY {\"port\":8883} does", role_name(r));
    }
    tls_config_free(tls);
    buf_clear(&message);
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

static void start_clients(struct show *w, const char *bin, const struct settings *s, struct buf *message)
{
    for (unsigned n = 1; n <= WORLD_CLIENTS && !w->over; n++) {
        if (show_puppet(w, ROLE_CLIENT) || !acts(w->variant, n)) continue;
        if (settings_client(s, n, NULL, message) != OK)
            show_error(w, "%s", buf_cstr(message));
        else
            w->client[n] = start(w, bin, (struct party){ ROLE_CLIENT, n });
    }
}

void cast_start(struct show *w, const char *bin)
{
    const char *tls = variant_value(w->variant, "tls"), *server = variant_value(w->variant, "server");
    const char *version = variant_value(w->variant, "version"),
               *known_by = variant_value(w->variant, "known_by");
    struct buf message = { 0 };
    struct settings s = { .world = &w->world,
                          .variant = w->variant,
                          .dir = w->dir,
                          .issuer = WORLD_ISSUER,
                          .policy = WORLD_POLICY,
                          .open_topics = WORLD_PUBLIC,
                          .tls_version = tls,
                          .token_format = variant_value(w->variant, "token"),
                          .notation = variant_value(w->variant, "enc"),
                          .carriage = variant_value(w->variant, "carry"),
                          .mqtt_version = version && strcmp(version, "4") == 0 ? "311" : "5",
                          .known_by_cert = known_by && strcmp(known_by, "cert") == 0,
                          .keylog = w->testimony && w->evidence,
                          .server_rpk = server && strcmp(server, "rpk") == 0 };

    if (w->sut[ROLE_AS]) w->world.token_path = w->sut[ROLE_AS]->token_path;
    if (w->dir && settings_keys(&s, &message) != OK) show_error(w, "%s", buf_cstr(&message));
    if (!w->over && w->players[ROLE_AS]) start_server(w, bin, ROLE_AS, &s, settings_as);
    if (!w->over && w->players[ROLE_BROKER]) start_server(w, bin, ROLE_BROKER, &s, settings_broker);
    if (!w->over) start_clients(w, bin, &s, &message);
    buf_clear(&message);
}

static bool has_exited(void *what)
{
    return product_exited(what);
}

/* A product that does not stop, crashes or leaks has failed, whatever it said before. */
static void stop(struct show *w, struct product *p, enum role r)
{
    const char *name = role_name(r);
    bool foreign = w->sut[r] != NULL;
    struct buf why = { 0 };

    if (!p) return;
    product_stop(p);
    if (!net_wait(w->net, has_exited, p) && foreign) {
        product_terminate(p);
        net_wait(w->net, has_exited, p);
    }
    if (product_failed(p, &why) && w->result->verdict != VERDICT_SKIP) {
        struct check_result *c = result_check(w->result);
        if (c) {
            buf_str(&c->file, w->variant->scenario->at.file);
            c->line = w->variant->scenario->at.line;
            buf_format(&c->arrow, "%s" RESULT_PROGRAM, name);
            buf_str(&c->want, "runs and stops without fault");
            buf_add(&c->got, buf_span(&why));
        }
    }
    product_kill(p);
    buf_clear(&why);
}

static void close_product(struct product *p)
{
    if (p) product_close(p);
}

void cast_stop(struct show *w)
{
    for (unsigned n = 1; n <= WORLD_CLIENTS; n++) stop(w, w->client[n], ROLE_CLIENT);
    stop(w, w->server[ROLE_BROKER], ROLE_BROKER);
    stop(w, w->server[ROLE_AS], ROLE_AS);
    orphans_end(net_patience(w->net)); /* who writes yet must find a pipe to write to */
    for (unsigned n = 1; n <= WORLD_CLIENTS; n++) close_product(w->client[n]);
    close_product(w->server[ROLE_BROKER]);
    close_product(w->server[ROLE_AS]);
}

void cast_free(struct show *w)
{
    for (unsigned n = 1; n <= WORLD_CLIENTS; n++) product_free(w->client[n]);
    product_free(w->server[ROLE_BROKER]);
    product_free(w->server[ROLE_AS]);
}

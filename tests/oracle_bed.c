#include "tests/oracle_bed.h"

#include "common/ace/jwk.h"
#include "common/base/file.h"
#include "common/codec/text.h"
#include "tests/check.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

void oracle_start(struct demo *d, struct child *c, const char *name, const char *const *args)
{
    const char *dot = strrchr(name, '.'), *all[CHILD_MAX_ARGS + 1] = { NULL };
    char script[4096];
    size_t n = 0;

    if (strncmp(name, "ace-", 4) == 0) {
        child_start(c, d->dir, name, args);
        return;
    }
    if (dot && strcmp(dot, ".mjs") == 0) {
        path_beside(script, "../../oracles/");
        size_t at = strlen(script);
        snprintf(script + at, sizeof script - at, "%s", name);
        all[n++] = script;
        name = "node";
    }
    for (size_t i = 0; args[i] && n < CHILD_MAX_ARGS; i++) all[n++] = args[i];
    child_start_foreign(c, d->dir, name, all);
}

static const char *text(struct child *c, int which)
{
    return c->text[which].n ? buf_cstr(&c->text[which]) : "";
}

void oracle_told(struct child *c, const char *why, bool ok)
{
    CHECK_ROW(ok, why);
    if (ok) return;
    fprintf(stderr, "%s: status %d%s\n%s%s\n", why, c->status,
            c->status == 127 ? ": not installed; packaging/setup.sh test installs it" : "",
            text(c, CHILD_OUT), text(c, CHILD_ERR));
}

void oracle_runs(struct demo *d, const char *why, int status, const char *says, const char *name,
                 const char *const *args)
{
    struct child c;

    oracle_start(d, &c, name, args);
    int is = child_end(&c);
    oracle_told(&c, why,
                is == status && (strstr(text(&c, CHILD_OUT), says) || strstr(text(&c, CHILD_ERR), says)));
    child_clear(&c);
}

static void read_file(struct demo *d, const char *name, struct buf *out)
{
    char path[512];
    struct buf why = { 0 };

    snprintf(path, sizeof path, "%s/%s", d->dir, name);
    CHECK_ROW(file_read(path, out, &why) == OK, name);
    buf_clear(&why);
}

static struct doc *read_kept(struct demo *d, const char *kept)
{
    struct buf file = { 0 };
    struct doc *doc = NULL;

    read_file(d, kept, &file);
    CHECK_ROW(doc_read_json(buf_span(&file), &doc_limits_file, &doc, NULL) == OK, kept);
    buf_clear(&file);
    return doc;
}

void oracle_token(struct demo *d, const char *kept, const char *out, struct buf *token)
{
    struct doc *doc = read_kept(d, kept);
    struct span s = { 0 };

    CHECK_ROW(doc_text(doc_get(doc_get(doc, "response"), "access_token"), &s), kept);
    buf_add(token, s);
    file_put(d->dir, out, buf_cstr(token));
    doc_free(doc);
}

void oracle_get_token(struct demo *d, const char *pop_key, const char *scope)
{
    struct buf token = { 0 };

    oracle_runs(d, pop_key, 0, "", "ace-client",
                ARGS("token", "--config", "sensor.json", "--scope", scope, "--pop-key", pop_key, "--out",
                     "kept.json"));
    oracle_token(d, "kept.json", "token.jwt", &token);
    buf_clear(&token);
}

void oracle_upload(struct demo *d, const char *version, const char *file, int status, const char *says)
{
    oracle_runs(d, version, status, says, "mosquitto_pub",
                ARGS("-h", "127.0.0.1", "-p", d->broker_port, "--cafile", "ca.pem", "-V", version, "-t",
                     "authz-info", "-f", file, "-q", "1", "-d"));
}

void oracle_swap(struct demo *d, const char *kept, const char *made, const char *out)
{
    struct buf ours = { 0 }, theirs = { 0 };

    oracle_token(d, kept, "swapped", &ours);
    read_file(d, made, &theirs);
    file_edit(d->dir, kept, buf_cstr(&ours), buf_cstr(&theirs), out);
    buf_clear(&ours);
    buf_clear(&theirs);
}

void oracle_tamper(struct demo *d, const char *file, size_t at, const char *out)
{
    struct buf b = { 0 };

    read_file(d, file, &b);
    CHECK_ROW(b.n > at, file);
    if (b.n > at) b.p[b.n - at] = b.p[b.n - at] == 'x' ? 'y' : 'x';
    file_put(d->dir, out, buf_cstr(&b));
    buf_clear(&b);
}

void oracle_psk(struct demo *d, const char *kept, struct oracle_psk *out)
{
    struct doc *doc = read_kept(d, kept);
    struct key_object o = { 0 };
    struct buf hex = { 0 };

    CHECK(key_object_read(doc_get(doc_get(doc_get(doc, "response"), "cnf"), "jwk"), NOTATION_JSON, &o,
                          NULL) == OK);
    if (o.key) hex_encode(&hex, key_octets(o.key));
    CHECK(hex.n + 1 == sizeof out->key);
    snprintf(out->key, sizeof out->key, "%s", buf_cstr(&hex));
    snprintf(out->wrong_key, sizeof out->wrong_key, "%s", buf_cstr(&hex));
    out->wrong_key[0] = out->key[0] == '0' ? '1' : '0';
    snprintf(out->identity, sizeof out->identity, "{\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"kid\":\"%s\"}}}",
             buf_cstr(&o.kid));
    key_object_clear(&o);
    doc_free(doc);
    buf_clear(&hex);
}

void oracle_world_make(struct oracle_world *w)
{
    struct demo *d = &w->d;

    demo_make(d);
    /* No alg in the symmetric ones: these are content keys. */
    file_put(d->dir, "short.jwk", "{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\"c2l4dGVlbiBvY3RldHMhIQ\"}");
    file_put(d->dir, "other-short.jwk", "{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\"U2l4dGVlbiBvY3RldHMhIQ\"}");
    file_edit(d->dir, "shared.jwk", "\"alg\": \"HS256\",", "", "long.jwk");
    file_put(d->dir, "other-long.jwk",
             "{\"kty\":\"oct\",\"kid\":\"o\",\"k\":\"dGhpcnR5LXR3byBvY3RldHMgb2YgYW5vdGhlciBrZXk\"}");
    file_edit(d->dir, "as.json", "\"brokers\": [",
              "\"brokers\": [ { \"audience\": \"broker2\",\n      \"shared_key\": \"short.jwk\" },",
              "as.json");
    file_edit(
        d->dir, "as.json", "\"policies\": [",
        "\"policies\": [ { \"client\": \"sensor\", \"audience\": \"broker2\", \"allow\": \"pubsub:a/#\" },",
        "as.json");
    file_edit(d->dir, "as.json", "\"as-sign.jwk\"", "\"client2-p256.jwk\"", "as2.json");
    file_edit(d->dir, "as2.json", "as.db", "as2.db", "as2.json");
    file_edit(d->dir, "broker.json", "\"broker1\"", "\"broker1\", \"broker2\"", "broker.json");
    file_edit(d->dir, "broker.json", "\"as-sign-public.jwk\"",
              "\"as-sign-public.jwk\", \"client2-p256-public.jwk\"", "broker.json");
    file_edit(d->dir, "broker.json", "\"shared.jwk\"", "\"shared.jwk\", \"short.jwk\"", "broker.json");
}

void oracle_world_start(struct oracle_world *w)
{
    demo_start(&w->d);
    snprintf(w->url2, sizeof w->url2, "https://127.0.0.1:%d/token",
             demo_serve(&w->d, &w->as2, "ace-as", "as2.json"));
}

void oracle_world_end(struct oracle_world *w)
{
    kill(w->as2.pid, SIGTERM);
    CHECK(child_wait(&w->as2) == 0);
    child_clear(&w->as2);
    demo_close(&w->d);
}

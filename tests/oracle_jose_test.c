#include "tests/check.h"
#include "tests/oracle_bed.h"

#include <stdio.h>
#include <string.h>

/*
 * JWS and JWE tokens against two implementations that are not ours: Debian's `jose` (in C; it has no EdDSA) and npm's jose (in
 * JavaScript). What ace-as mints they open, what they make ace-broker takes, and each refuses what was tampered with.
 */

static const struct row {
    const char *form, *pop_key, *aud, *filter, *in, *alg;
    const char *open_with, *make_with, *cnf, *stranger;
    bool debian;
} rows[] = {
    { .form = "JWS EdDSA",
      .pop_key = "ed25519",
      .aud = "broker1",
      .filter = "room/#",
      .in = "room/t",
      .alg = "EdDSA",
      .open_with = "as-sign-public.jwk",
      .make_with = "as-sign.jwk",
      .cnf = "client1-ed25519-public.jwk",
      .stranger = "client2-ed25519.jwk" },
    { .form = "JWS ES256",
      .pop_key = "es256",
      .aud = "broker1",
      .filter = "room/#",
      .in = "room/t",
      .alg = "ES256",
      .open_with = "client2-p256-public.jwk",
      .make_with = "client2-p256.jwk",
      .cnf = "client1-p256-public.jwk",
      .stranger = "client1-p256.jwk",
      .debian = true },
    { .form = "JWE dir A256GCM",
      .pop_key = "hs256",
      .aud = "broker1",
      .filter = "room/#",
      .in = "room/t",
      .alg = "A256GCM",
      .open_with = "long.jwk",
      .make_with = "long.jwk",
      .cnf = "kept.json",
      .stranger = "other-long.jwk",
      .debian = true },
    { .form = "JWE dir A128GCM",
      .pop_key = "hs256",
      .aud = "broker2",
      .filter = "a/#",
      .in = "a/t",
      .alg = "A128GCM",
      .open_with = "short.jwk",
      .make_with = "short.jwk",
      .cnf = "kept.json",
      .stranger = "other-short.jwk",
      .debian = true },
};

static void open_world(struct oracle_world *w)
{
    oracle_world_make(w);
    oracle_world_start(w);
}

/* A token of this row from ace-as: kept.json as the client keeps it, token.jwt alone. */
static void get_token(struct oracle_world *w, const struct row *r)
{
    struct buf token = { 0 };
    char scope[32];

    snprintf(scope, sizeof scope, "pub:%s", r->filter);
    oracle_runs(&w->d, r->form, 0, "", "ace-client",
                ARGS("token", "--config", "sensor.json", "--as",
                     strcmp(r->alg, "ES256") == 0 ? w->url2 : w->d.as_url, "--aud", r->aud, "--scope", scope,
                     "--pop-key", r->pop_key, "--out", "kept.json"));
    oracle_token(&w->d, "kept.json", "token.jwt", &token);
    buf_clear(&token);
}

static void debian_opens(struct oracle_world *w, const struct row *r, const char *file, const char *key,
                         int status, const char *says)
{
    const char *const *const jws = ARGS("jws", "ver", "-i", file, "-k", key, "-O", "-");
    const char *const *const jwe = ARGS("jwe", "dec", "-i", file, "-k", key, "-O", "-");

    oracle_runs(&w->d, r->form, status, says, "jose", r->alg[0] == 'E' ? jws : jwe);
}

static void theirs_open_ours(void)
{
    const struct row *r;
    struct oracle_world w = { 0 };
    char alg[32], aud[32];

    open_world(&w);
    for
        EACH(r, rows)
        {
            get_token(&w, r);
            oracle_tamper(&w.d, "token.jwt", 9, "bad.jwt");
            snprintf(alg, sizeof alg, ":\"%s\"", r->alg);
            snprintf(aud, sizeof aud, "\"aud\":\"%s\"", r->aud);
            oracle_runs(&w.d, r->form, 0, alg, "jose.mjs", ARGS("open", r->open_with, "token.jwt"));
            oracle_runs(&w.d, r->form, 0, aud, "jose.mjs", ARGS("open", r->open_with, "token.jwt"));
            oracle_runs(&w.d, r->form, 1, "ERR_JW", "jose.mjs", ARGS("open", r->open_with, "bad.jwt"));
            oracle_runs(&w.d, r->form, 1, "ERR_JW", "jose.mjs", ARGS("open", r->stranger, "token.jwt"));
            if (!r->debian) continue;
            debian_opens(&w, r, "token.jwt", r->open_with, 0, aud);
            debian_opens(&w, r, "bad.jwt", r->open_with, 1, "");
            debian_opens(&w, r, "token.jwt", r->stranger, 1, "");
        }
    oracle_world_end(&w);
}

/* The client comes to the broker with the token of file `made`. */
static void broker_takes(struct oracle_world *w, const struct row *r, const char *made, int status,
                         const char *says)
{
    oracle_swap(&w->d, "kept.json", made, "made.json");
    oracle_runs(&w->d, r->form, status, says, "ace-client",
                ARGS("pub", "--config", "sensor.json", "--token", "made.json", "--pop-key", r->pop_key, "-t",
                     r->in, "-m", "x", "-q", "1"));
}

static void make_claims(struct oracle_world *w, const struct row *r, const char *filter)
{
    oracle_runs(&w->d, r->form, 0, "", "jose.mjs", ARGS("claims", r->aud, filter, r->cnf, "claims.json"));
}

static void npm_makes(struct oracle_world *w, const struct row *r, const char *key)
{
    oracle_runs(&w->d, r->form, 0, "", "jose.mjs", ARGS("make", "claims.json", key, r->alg, "made.jwt"));
}

static void debian_makes(struct oracle_world *w, const struct row *r, const char *key)
{
    char header[128];

    if (r->alg[0] == 'E') {
        snprintf(header, sizeof header, "{\"protected\":{\"alg\":\"%s\",\"typ\":\"JWT\"}}", r->alg);
        oracle_runs(&w->d, r->form, 0, "", "jose",
                    ARGS("jws", "sig", "-I", "claims.json", "-k", key, "-s", header, "-c", "-o", "made.jwt"));
    } else {
        snprintf(header, sizeof header, "{\"protected\":{\"alg\":\"dir\",\"enc\":\"%s\"}}", r->alg);
        oracle_runs(&w->d, r->form, 0, "", "jose",
                    ARGS("jwe", "enc", "-I", "claims.json", "-k", key, "-i", header, "-c", "-o", "made.jwt"));
    }
}

static void our_broker_takes_theirs(void)
{
    void (*const makers[])(struct oracle_world *, const struct row *, const char *) = { npm_makes,
                                                                                        debian_makes };
    const struct row *r;
    struct oracle_world w = { 0 };

    open_world(&w);
    for
        EACH(r, rows)
        {
            get_token(&w, r);
            for (size_t i = 0; i < (r->debian ? 2U : 1U); i++) {
                make_claims(&w, r, r->filter);
                makers[i](&w, r, r->make_with);
                broker_takes(&w, r, "made.jwt", 0, "");
                oracle_tamper(&w.d, "made.jwt", 9, "bad.jwt");
                broker_takes(&w, r, "bad.jwt", 3, "Not authorized (0x87)");
                makers[i](&w, r, r->stranger);
                broker_takes(&w, r, "made.jwt", 3, "Not authorized (0x87)");
                make_claims(&w, r, "elsewhere/#"); /* it is their scope that counts */
                makers[i](&w, r, r->make_with);
                broker_takes(&w, r, "made.jwt", 3, "publish to");
            }
        }
    oracle_world_end(&w);
}

CU_TestInfo oracle_jose_tests[] = {
    { "tokens of ace-as are opened by Debian's jose and npm's jose", theirs_open_ours },
    { "tokens of Debian's jose and npm's jose are taken by ace-broker", our_broker_takes_theirs },
    CU_TEST_INFO_NULL,
};

#include "common/ace/cose.h"
#include "common/base/file.h"
#include "common/codec/text.h"
#include "tests/check.h"
#include "tests/oracle_bed.h"

#include <stdio.h>
#include <string.h>

/*
 * CWTs in COSE_Sign1, COSE_Mac0 and COSE_Encrypt0 against npm's cose-kit and cose-js. What ace-as mints they open (COSE_Mac0, which it does
 * not offer, is made by our library), what they make ace-broker takes, and each refuses what was tampered with.
 */

static const struct row {
    const char *why, *form, *pop_key, *aud, *filter, *in, *alg, *alg_number;
    const char *open_with, *make_with, *cnf, *stranger, *stranger_public;
    bool minted, second_as;
} rows[] = {
    { .why = "COSE_Sign1 EdDSA",
      .form = "sign1",
      .pop_key = "ed25519",
      .aud = "broker1",
      .filter = "room/#",
      .in = "room/t",
      .alg = "EdDSA",
      .alg_number = "alg -8 ",
      .open_with = "as-sign-public.jwk",
      .make_with = "as-sign.jwk",
      .cnf = "client1-ed25519-public.jwk",
      .stranger = "client2-ed25519.jwk",
      .stranger_public = "client2-ed25519-public.jwk",
      .minted = true },
    { .why = "COSE_Sign1 ES256",
      .form = "sign1",
      .pop_key = "es256",
      .aud = "broker1",
      .filter = "room/#",
      .in = "room/t",
      .alg = "ES256",
      .alg_number = "alg -7 ",
      .open_with = "client2-p256-public.jwk",
      .make_with = "client2-p256.jwk",
      .cnf = "client1-p256-public.jwk",
      .stranger = "client1-p256.jwk",
      .stranger_public = "client1-p256-public.jwk",
      .minted = true,
      .second_as = true },
    { .why = "COSE_Mac0, cose-kit",
      .form = "mac0",
      .pop_key = "ed25519",
      .aud = "broker1",
      .filter = "room/#",
      .in = "room/t",
      .alg = "HS256",
      .alg_number = "alg 5 ",
      .open_with = "mac.jwk",
      .make_with = "mac.jwk",
      .cnf = "client1-ed25519-public.jwk",
      .stranger = "other-long.jwk",
      .stranger_public = "other-long.jwk" },
    { .why = "COSE_Mac0, cose-js",
      .form = "mac0-js",
      .pop_key = "ed25519",
      .aud = "broker1",
      .filter = "room/#",
      .in = "room/t",
      .alg = "HS256",
      .alg_number = "alg 5 ",
      .open_with = "mac.jwk",
      .make_with = "mac.jwk",
      .cnf = "client1-ed25519-public.jwk",
      .stranger = "other-long.jwk",
      .stranger_public = "other-long.jwk" },
    { .why = "COSE_Encrypt0 A256GCM",
      .form = "encrypt0",
      .pop_key = "hs256",
      .aud = "broker1",
      .filter = "room/#",
      .in = "room/t",
      .alg = "A256GCM",
      .alg_number = "alg 3 ",
      .open_with = "long.jwk",
      .make_with = "long.jwk",
      .cnf = "kept.json",
      .stranger = "other-long.jwk",
      .stranger_public = "other-long.jwk",
      .minted = true },
    { .why = "COSE_Encrypt0 AES-CCM-16-64-128",
      .form = "encrypt0",
      .pop_key = "hs256",
      .aud = "broker2",
      .filter = "a/#",
      .in = "a/t",
      .alg = "AES-CCM-16-64-128",
      .alg_number = "alg 10 ",
      .open_with = "short.jwk",
      .make_with = "short.jwk",
      .cnf = "kept.json",
      .stranger = "other-short.jwk",
      .stranger_public = "other-short.jwk",
      .minted = true },
};

static void open_world(struct oracle_world *w)
{
    static const char *const files[] = { "as.json", "as2.json" };

    oracle_world_make(w);
    file_put(w->d.dir, "mac.jwk",
             "{\"kty\":\"oct\",\"kid\":\"mac\",\"alg\":\"HS256\",\"k\":"
             "\"dGhpcnR5LXR3byBvY3RldHMgdG8gbWFjIGEgdG9rZW4\"}");
    for (int i = 0; i < 2; i++)
        file_edit(w->d.dir, files[i], "\"audience\": \"broker1\",\n      \"shared_key\"",
                  "\"audience\": \"broker1\", \"token_format\": \"cwt\", \"shared_key\"", files[i]);
    file_edit(w->d.dir, "as.json", "\"audience\": \"broker2\",\n      \"shared_key\"",
              "\"audience\": \"broker2\", \"token_format\": \"cwt\", \"shared_key\"", "as.json");
    file_edit(w->d.dir, "broker.json", "\"as-sign-public.jwk\"", "\"as-sign-public.jwk\", \"mac.jwk\"",
              "broker.json");
    oracle_world_start(w);
}

/* kept.json as the client keeps it, token.jwt alone, in base64url. */
static void get_token(struct oracle_world *w, const struct row *r)
{
    struct buf token = { 0 };
    char scope[32];

    snprintf(scope, sizeof scope, "pub:%s", r->filter);
    oracle_runs(&w->d, r->why, 0, "", "ace-client",
                ARGS("token", "--config", "sensor.json", "--as", r->second_as ? w->url2 : w->d.as_url,
                     "--aud", r->aud, "--scope", scope, "--pop-key", r->pop_key, "--out", "kept.json"));
    oracle_token(&w->d, "kept.json", "token.jwt", &token);
    buf_clear(&token);
}

static void make_claims(struct oracle_world *w, const struct row *r, const char *filter)
{
    oracle_runs(&w->d, r->why, 0, "", "cose.mjs", ARGS("claims", r->aud, filter, r->cnf, "claims.cbor"));
}

static void read_file(struct oracle_world *w, const char *name, struct buf *out)
{
    struct buf why = { 0 };
    char path[512];

    snprintf(path, sizeof path, "%s/%s", w->d.dir, name);
    CHECK_ROW(file_read(path, out, &why) == OK, name);
    buf_clear(&why);
}

/* token.jwt by our library, of claims.cbor. */
static void sign_claims(struct oracle_world *w, const struct row *r)
{
    struct buf claims = { 0 }, jwk = { 0 }, made = { 0 }, text = { 0 };
    struct key_object o = { 0 };

    make_claims(w, r, r->filter);
    read_file(w, "claims.cbor", &claims);
    read_file(w, r->make_with, &jwk);
    CHECK(key_file_read(buf_span(&jwk), &o, NULL) == OK);
    CHECK(cose_sign(o.key, buf_span(&o.kid), buf_span(&claims), &made) == OK);
    b64url_encode(&text, buf_span(&made));
    file_put(w->d.dir, "token.jwt", buf_cstr(&text));
    key_object_clear(&o);
    buf_clear(&claims);
    buf_clear(&jwk);
    buf_clear(&made);
    buf_clear(&text);
}

static void theirs_open_ours(void)
{
    struct oracle_world w = { 0 };
    const struct row *r;
    char says[80];

    open_world(&w);
    for
        EACH(r, rows)
        {
            if (r->minted)
                get_token(&w, r);
            else
                sign_claims(&w, r);
            oracle_tamper(&w.d, "token.jwt", 9, "bad.jwt");
            snprintf(says, sizeof says, "%siss https://localhost:9443 aud %s", r->alg_number, r->aud);
            oracle_runs(&w.d, r->why, 0, says, "cose.mjs", ARGS("open", r->form, r->open_with, "token.jwt"));
            snprintf(says, sizeof says, "scope [[\"%s\",[\"pub\"]]]", r->filter);
            oracle_runs(&w.d, r->why, 0, says, "cose.mjs", ARGS("open", r->form, r->open_with, "token.jwt"));
            oracle_runs(&w.d, r->why, 1, "refused", "cose.mjs",
                        ARGS("open", r->form, r->open_with, "bad.jwt"));
            oracle_runs(&w.d, r->why, 1, "refused", "cose.mjs",
                        ARGS("open", r->form, r->stranger_public, "token.jwt"));
        }
    oracle_world_end(&w);
}

static void broker_takes(struct oracle_world *w, const struct row *r, const char *made, int status,
                         const char *says)
{
    oracle_swap(&w->d, "kept.json", made, "made.json");
    oracle_runs(&w->d, r->why, status, says, "ace-client",
                ARGS("pub", "--config", "sensor.json", "--token", "made.json", "--pop-key", r->pop_key, "-t",
                     r->in, "-m", "x", "-q", "1"));
}

static void theirs(struct oracle_world *w, const struct row *r, const char *key)
{
    oracle_runs(&w->d, r->why, 0, "", "cose.mjs",
                ARGS("make", r->form, "claims.cbor", key, r->alg, "made.jwt"));
}

static void our_broker_takes_theirs(void)
{
    struct oracle_world w = { 0 };
    const struct row *r;

    open_world(&w);
    for
        EACH(r, rows)
        {
            get_token(&w, r);
            make_claims(&w, r, r->filter);
            theirs(&w, r, r->make_with);
            broker_takes(&w, r, "made.jwt", 0, "");
            oracle_tamper(&w.d, "made.jwt", 9, "bad.jwt");
            broker_takes(&w, r, "bad.jwt", 3, "Not authorized (0x87)");
            theirs(&w, r, r->stranger);
            broker_takes(&w, r, "made.jwt", 3, "Not authorized (0x87)");
            make_claims(&w, r, "elsewhere/#"); /* it is their scope that counts */
            theirs(&w, r, r->make_with);
            broker_takes(&w, r, "made.jwt", 3, "publish to");
        }
    oracle_world_end(&w);
}

CU_TestInfo oracle_cose_tests[] = {
    { "tokens of ours are opened by cose-kit and cose-js", theirs_open_ours },
    { "tokens of cose-kit and cose-js are taken by ace-broker", our_broker_takes_theirs },
    CU_TEST_INFO_NULL,
};

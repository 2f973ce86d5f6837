#include "broker/config.h"
#include "common/base/file.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ED25519 "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
#define ED25519_PRIVATE                                                                           \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"," \
    "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}"
#define OCT   "{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}"
#define START "{\"tls\":{\"key\":\"key.jwk\"},\"audiences\":[\"b1\",\"b2\"],"
#define ISSUERS \
    "\"issuers\":[{\"iss\":\"https://as\",\"keys\":[" ED25519 "],\"shared_keys\":[\"shared.jwk\"]}]"

#define DERIVING(key, length)                                                             \
    "\"issuers\":[{\"iss\":\"https://as\",\"keys\":[" ED25519 "],\"derivation_key\":" key \
    ",\"derived_key_len\":" length "}]"

struct folder {
    char dir[64], path[96];
};

static void put(const struct folder *f, const char *name, const char *text)
{
    char path[128];
    struct buf message = { 0 };

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    CHECK(file_write(path, span_str(text), 0600, &message) == OK);
    buf_clear(&message);
}

static void folder_make(struct folder *f)
{
    strncpy(f->dir, "/tmp/ace-broker-XXXXXX", sizeof f->dir);
    CHECK(mkdtemp(f->dir) != NULL);
    snprintf(f->path, sizeof f->path, "%s/broker.json", f->dir);
    put(f, "key.jwk", ED25519_PRIVATE);
    put(f, "shared.jwk", OCT);
    put(f, "set.json", "{\"keys\":[" ED25519 "]}");
    put(f, "as.jwk", ED25519_PRIVATE);
    put(f, "junk", "junk");
}

static void folder_remove(const struct folder *f)
{
    static const char *const names[] = {
        "key.jwk", "shared.jwk", "set.json", "as.jwk", "junk", "broker.json"
    };
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", f->dir, names[i]);
        unlink(path);
    }
    rmdir(f->dir);
}

static void reads(void)
{
    struct folder f;
    struct broker_config c;
    struct buf message = { 0 };

    folder_make(&f);
    put(&f, "broker.json",
        START ISSUERS ",\"as_uri\":\"https://as/token\",\"public\":\"pub:p\",\"hint\":{\"scope\":\"sub:x\"},"
                      "\"limits\":{\"packet\":1000}, /* a comment */ \"token\":{\"leeway\":5}}");
    CHECK(broker_config_read(f.path, &c, &message) == OK && message.n == 0);
    CHECK(c.settings.limits.packet == 1000 && c.settings.limits.preauth_packet == 131072);
    CHECK(c.settings.trust.leeway == 5 && c.settings.trust.require_aud && c.settings.mqtt311 &&
          !c.settings.lab);
    CHECK(c.settings.trust.audience_count == 2 && span_is(c.settings.trust.audiences[1], "b2"));
    CHECK(c.settings.trust.issuer_count == 1 && c.issuer[0].verify_count == 1 &&
          c.issuer[0].decrypt_count == 1);
    CHECK(scope_allows(c.settings.open, PERM_PUB, span_str("p")) &&
          !scope_allows(c.settings.open, PERM_SUB, span_str("p")));
    CHECK(span_is(buf_span(&c.settings.hint.as), "https://as/token"));
    CHECK(c.settings.hint.has_audience && span_is(buf_span(&c.settings.hint.audience), "b1"));
    CHECK(c.settings.hint.has_scope && scope_allows(c.settings.hint.scope, PERM_SUB, span_str("x")));
    CHECK(!c.settings.switches.cnonce && c.settings.cnonce_seconds == 300); /* */
    struct buf printed = { 0 };
    broker_config_print(&c, &printed);
    CHECK(strstr(buf_cstr(&printed), "AAECAwQFBgcICQoLDA0ODw") == NULL);
    buf_clear(&printed);
    broker_config_clear(&c);
    folder_remove(&f);
    buf_clear(&message);
}

struct wrong {
    const char *text, *says;
};

/* One line that says what is wrong and where. */
static void refused(const struct wrong *rows, size_t count)
{
    struct folder f;

    folder_make(&f);
    for (const struct wrong *r = rows; r < rows + count; r++) {
        struct broker_config c;
        struct buf message = { 0 };

        put(&f, "broker.json", r->text);
        CHECK_ROW(broker_config_read(f.path, &c, &message) != OK, r->text);
        CHECK_ROW(strstr(buf_cstr(&message), r->says) != NULL, buf_cstr(&message));
        CHECK_ROW(!strchr(buf_cstr(&message), '\n'), r->says);
        buf_clear(&message);
    }
    folder_remove(&f);
}

static void refuses(void)
{
    static const struct wrong rows[] = {
        { START ISSUERS ",\"limit\":{}}", "broker.json:1:" },
        { START ISSUERS ",\"limits\":{\"packt\":1}}", "packet" },
        { START ISSUERS ",\"limits\":{\"packet\":1}}", "limits.packet" },
        { "{\"tls\":{\"key\":\"key.jwk\"}," ISSUERS "}", "audiences" },
        { "{\"tls\":{\"key\":\"key.jwk\"},\"audiences\":[]," ISSUERS "}", "audiences: must be" },
        { "{\"tls\":{\"key\":\"key.jwk\"},\"audiences\":[1]," ISSUERS "}", "audiences: must be" },
        { "{\"tls\":{\"key\":\"none.pem\"},\"audiences\":[\"b\"]," ISSUERS "}", "none.pem: No such file" },
        { "{\"tls\":{\"key\":\"/tmp\"},\"audiences\":[\"b\"]," ISSUERS "}", "/tmp: Is a directory" },
        { "{\"tls\":{\"key\":\"shared.jwk\"},\"audiences\":[\"b\"]," ISSUERS "}",
          "shared.jwk: not a private key" },
        { "{\"tls\":{\"key\":\"junk\"},\"audiences\":[\"b\"]," ISSUERS "}", "junk: " },
        { START "\"issuers\":[]}", "issuers: must be" },
        { START "\"issuers\":[{\"iss\":\"a\"}]}", "needs keys" },
        { START "\"issuers\":[{\"iss\":\"a\",\"keys\":[\"gone\"]}]}", ": issuers: key: " },
        { START "\"issuers\":[{\"iss\":\"a\",\"keys\":[\"as.jwk\"]}]}",
          "private key of the authorization server" },
        { START "\"issuers\":[{\"iss\":\"a\",\"keys\":[\"junk\"]}]}", "junk: " },
        { START "\"issuers\":[{\"iss\":\"a\",\"keys\":[7]}]}", "must be a file or a JWK" },
        { START "\"issuers\":[{\"iss\":\"a\",\"shared_keys\":[" ED25519 "]}]}", "must be of type oct" },
        { START DERIVING(ED25519, "32") "}", "must be of type oct" },
        { START DERIVING("{\"kty\":\"oct\",\"k\":\"AAEC\"}", "32") "}", "one key of 16 bytes" },
        { START DERIVING("\"shared.jwk\"", "8") "}", "derived_key_len" },
        { START "\"issuers\":[{\"iss\":\"a\",\"key\":[]}]}", "keys" },
        { START ISSUERS ",\"public\":\"publish:x\"}", "public: " },
        { START ISSUERS ",\"as_uri\":\"http://as/token\"}", "as_uri: must be" },
        { START ISSUERS ",\"as_uri\":\"https://as\",\"hint\":{\"scope\":\"x\"}}", "hint.scope" },
        { START ISSUERS ",\"hint\":{\"cnonce\":true}}", "hint.cnonce: needs as_uri" },
        { "{\"tls\":{\"key\":\"key.jwk\",\"certificate\":\"gone.pem\"},\"audiences\":[\"b\"]," ISSUERS "}",
          "broker.json: tls.certificate: " },
        { "{\"tls\":{\"key\":\"key.jwk\",\"min_version\":\"1.3\",\"max_version\":\"1.2\"},\"audiences\":["
          "\"b\"]," ISSUERS "}",
          "tls.min_version" },
    };

    refused(rows, sizeof rows / sizeof *rows);
}

/* Of the AS that is asked, and of the one that lists what is revoked. */
static void refuses_login(void)
{
    static const struct wrong rows[] = {
        { START ISSUERS ",\"revocation\":{\"url\":\"https://as/trl\"}}", "revocation.id: is missing" },
        { START ISSUERS ",\"revocation\":{\"url\":\"https://as/trl\",\"id\":\"b\"}}",
          "revocation.secret: is missing" },
        { START ISSUERS ",\"revocation\":{\"url\":\"http://as/trl\",\"id\":\"b\",\"secret\":\"s\"}}",
          "revocation.url: must be" },
        { START ISSUERS ",\"revocation\":{\"url\":\"https://as/trl\",\"id\":\"b\",\"secret\":\"s\"}}",
          "revocation.ca: is missing" },
        { START ISSUERS ",\"revocation\":{\"url\":\"https://as/"
                        "trl\",\"id\":\"b\",\"secret\":\"s\",\"secret_file\":\"junk\"}}",
          "not besides" },
        { START ISSUERS ",\"revocation\":{\"wait\":301}}", "revocation.wait" },
        { START ISSUERS ",\"revocation\":{\"wait\":30}}", "revocation.url: is missing" },
        { START ISSUERS ",\"introspection\":{\"all\":true}}", "introspection.url: is missing" },
        { START ISSUERS ",\"introspection\":{\"url\":\"https://as/i\",\"id\":\"b\",\"secret\":\"\"}}",
          "introspection.secret: is empty" },
        { START ISSUERS
          ",\"introspection\":{\"url\":\"https://as/i\",\"id\":\"b\",\"secret\":\"s\",\"ca\":\"gone.pem\"}}",
          "broker.json: introspection.ca: " },
        { START ISSUERS
          ",\"introspection\":{\"url\":\"https://as/i\",\"id\":\"b\",\"secret_file\":\"gone\"}}",
          "broker.json: introspection.secret_file: " },
    };

    refused(rows, sizeof rows / sizeof *rows);
}

/* What looks odd and is right. */
static void takes(void)
{
    struct broker_config c;
    struct buf message = { 0 };
    struct folder f;

    folder_make(&f);
    put(&f, "broker.json", START DERIVING("\"shared.jwk\"", "16") "}");
    CHECK(broker_config_read(f.path, &c, &message) == OK && c.issuer[0].derivation.size == 16);
    broker_config_clear(&c);
    put(&f, "broker.json", START "\"issuers\":[{\"iss\":\"a\",\"keys\":[\"set.json\"]}]}");
    CHECK(broker_config_read(f.path, &c, &message) == OK && c.issuer[0].verify_count == 1);
    broker_config_clear(&c);
    buf_clear(&message);
    folder_remove(&f);
}

/* Read anew: what a running broker cannot change stays, and is named; what it can is taken. A file that is wrong changes nothing. */
static void rereads(void)
{
    struct folder f;
    struct broker_config c, again;
    struct buf message = { 0 }, kept = { 0 };

    folder_make(&f);
    put(&f, "broker.json", START ISSUERS ",\"listen\":{\"port\":1},\"token\":{\"leeway\":5}}");
    CHECK(broker_config_read(f.path, &c, &message) == OK);
    put(&f, "broker.json",
        "{\"tls\":{\"key\":\"as.jwk\",\"max_version\":\"1.2\"},\"audiences\":[\"b3\"]," ISSUERS
        ",\"listen\":{\"port\":2},\"token\":{\"leeway\":6}}");
    CHECK(broker_config_reread(&c, &again, &kept, &message) == OK);
    CHECK(span_is(buf_span(&kept), "listen.port, tls.key, tls.max_version"));
    CHECK(again.port == 1 && strcmp(again.key_file, "key.jwk") == 0 && again.max_version == c.max_version);
    CHECK(again.settings.trust.leeway == 6 && span_is(again.audience[0], "b3"));
    broker_config_clear(&again);
    put(&f, "broker.json", START ISSUERS ",\"introspection\":{\"url\":\"https://as\"}}");
    buf_truncate(&kept, 0);
    CHECK(broker_config_reread(&c, &again, &kept, &message) != OK && message.n);
    CHECK(c.port == 1 && strcmp(c.key_file, "key.jwk") == 0 && c.settings.trust.leeway == 5);
    broker_config_clear(&c);
    folder_remove(&f);
    buf_clear(&message);
    buf_clear(&kept);
}

CU_TestInfo broker_config_tests[] = {
    { "reads", reads }, { "refuses", refuses },    { "refuses logins", refuses_login },
    { "takes", takes }, { "reads anew", rereads }, CU_TEST_INFO_NULL,
};

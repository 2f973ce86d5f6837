#include "tests/tls_bed.h"
#include "tests/check.h"

#include <time.h>

enum { HOUR = 3600 };

static enum err psk_for_identity(void *self, struct span identity, struct secret *psk)
{
    const struct bed *b = self;

    if (!span_is(identity, "short") && !span_eq(identity, span(b->long_identity, sizeof b->long_identity)))
        return span_starts(identity, span_str("ours")) ? ERR_NOT_AUTHORIZED : ERR_NOT_FOUND;
    return secret_set(psk, bed_psk());
}

static bool knows_key(void *self, const struct key *key)
{
    const struct bed *b = self;

    return key_eq(key, b->keys[BED_CLIENT_ED]) || key_eq(key, b->keys[BED_CLIENT_P256]);
}

static void certify(struct bed *b, enum bed_key subject, enum bed_key issuer)
{
    static const char *const dns[] = { "localhost" }, *const ip[] = { "127.0.0.1" };
    int64_t now = time(NULL);
    bool own = subject == issuer;
    const struct cert_request r = {
        .common_name = "test",
        .dns = dns,
        .dns_count = own ? 0 : 1,
        .ip = ip,
        .ip_count = own ? 0 : 1,
        .not_before = now - HOUR,
        .not_after = now + HOUR,
        .subject = b->keys[subject],
        .issuer = own ? NULL : b->keys[issuer],
        .issuer_pem = own ? span(NULL, 0) : buf_span(&b->cert[issuer]),
        .role = own && subject != BED_CLIENT_ED ? CERT_CA : CERT_LEAF,
    };
    CHECK(cert_make(&r, &b->cert[subject]) == OK);
}

struct span bed_psk(void)
{
    return span_str("0123456789abcdef0123456789abcdef");
}

struct tls_server_options bed_server_options(struct bed *b)
{
    return (struct tls_server_options){
        .protocol.alpn = { "mqtt" },
        .own = { { buf_span(&b->cert[BED_SERVER_ED]), b->keys[BED_SERVER_ED] },
                 { buf_span(&b->cert[BED_SERVER_P256]), b->keys[BED_SERVER_P256] } },
        .owner = { b, psk_for_identity, knows_key },
    };
}

struct tls_config *bed_client(struct bed *b)
{
    struct tls_config *c;
    const struct tls_client_options o = { .ca_pem = buf_span(&b->cert[BED_CA]) };

    CHECK(tls_client_config(&o, &c, NULL) == OK);
    return c;
}

void bed_make(struct bed *b)
{
    *b = (struct bed){ 0 };
    for (unsigned i = 0; i < BED_KEYS; i++) {
        bool p256 = i == BED_SERVER_P256 || i == BED_CLIENT_P256;
        CHECK(key_generate(p256 ? KEY_P256 : KEY_ED25519, &b->keys[i]) == OK);
    }
    for (size_t i = 0; i < sizeof b->long_identity; i++)
        b->long_identity[i] = (uint8_t)(i * 7); /* NULs too */
    certify(b, BED_CA, BED_CA);
    certify(b, BED_OTHER_CA, BED_OTHER_CA);
    certify(b, BED_SERVER_ED, BED_CA);
    certify(b, BED_SERVER_P256, BED_CA);
    certify(b, BED_CLIENT_ED, BED_CLIENT_ED);
    certify(b, BED_CLIENT_P256, BED_CA);
    certify(b, BED_STRANGER, BED_OTHER_CA);
    struct tls_server_options o = bed_server_options(b);
    CHECK(tls_server_config(&o, &b->server, NULL) == OK);
}

void bed_clear(struct bed *b)
{
    tls_config_free(b->server);
    for (size_t i = 0; i < BED_KEYS; i++) {
        key_free(b->keys[i]);
        buf_clear(&b->cert[i]);
    }
}

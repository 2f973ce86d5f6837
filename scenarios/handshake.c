#include "scenarios/handshake.h"

/* --- what the client comes with --- */

static int version_of(const struct stage *s, const struct fields *in)
{
    struct value told = fields_get(in, "version");
    const char *axis = variant_value(s->variant, "tls");
    struct span word = told.bytes.p ? told.bytes : span_str(axis ? axis : "1.3");

    return span_is(word, "1.2") ? TLS_1_2 : TLS_1_3;
}

static const struct credential *server_credential(const struct stage *s, enum role server)
{
    return server == ROLE_AS ? &s->world->as_tls : &s->world->broker_tls;
}

/* A certificate, where the client shows one, is made by nobody but us: RPK alone is played. */
static enum err show_key(const struct fields *in, const char *field, struct tls_client_options *o)
{
    struct value auth = fields_get(in, field);

    if (!auth.bytes.p || !auth.key) return OK;
    if (span_is(auth.bytes, "psk")) {
        o->psk_identity = value_member(&auth, "identity").bytes;
        o->psk = key_octets(auth.key->key);
        return OK;
    }
    if (!span_is(auth.bytes, "rpk")) return ERR_PROTOCOL;
    o->own.key = auth.key->key;
    return OK;
}

static bool axis_is(const struct stage *s, const char *name, const char *value)
{
    const char *axis = variant_value(s->variant, name);

    return axis && strcmp(axis, value) == 0;
}

static bool wants_rpk(const struct stage *s)
{
    return axis_is(s, "server", "rpk");
}

/* A thumbprint can only be compared with a certificate. */
static enum tls_show wants_to_see(const struct stage *s)
{
    if (axis_is(s, "known_by", "cert")) return TLS_SHOW_CERT;
    return wants_rpk(s) ? TLS_SHOW_RPK : TLS_SHOW_ANY;
}

enum err handshake_client(struct stage *s, enum role server, const struct fields *in,
                          const struct tls_keylog *log, struct tls_config **out)
{
    struct tls_client_options o = { .protocol = { .keylog = *log } };
    struct value sni = fields_get(in, "sni"), alpn = fields_get(in, "alpn");
    char name[256], protocol[64];

    if (server == ROLE_BROKER) o.protocol.min_version = o.protocol.max_version = version_of(s, in);
    if (server == ROLE_BROKER) o.protocol.alpn[0] = "mqtt";
    bool refuses = s->step && s->step->kind == STEP_TLS && step_names(s->step, "client_alert");
    struct span trust = server == ROLE_AS ? s->world->as_trust : s->world->broker_trust;
    if (trust.n && !refuses)
        o.ca_pem = trust;
    else
        o.expected[0] = refuses ? s->world->stranger.key : server_credential(s, server)->key.key;
    o.show = server == ROLE_BROKER ? wants_to_see(s) : TLS_SHOW_ANY;
    if (alpn.kind == VALUE_BYTES && alpn.bytes.n < sizeof protocol) {
        memcpy(protocol, alpn.bytes.p, alpn.bytes.n);
        protocol[alpn.bytes.n] = '\0';
        o.protocol.alpn[0] = protocol;
    }
    if (sni.kind == VALUE_BYTES && sni.bytes.n < sizeof name) {
        memcpy(name, sni.bytes.p, sni.bytes.n);
        name[sni.bytes.n] = '\0';
        o.server_name = name;
    }
    TRY(show_key(in, fields_has(in, "client_auth") ? "client_auth" : "auth", &o));
    return tls_client_config(&o, out, NULL);
}

/* --- what the server shows --- */

/* A server puppet lets every key in, but where the step says that it refuses. */
static bool lets_in(void *self, const struct key *key)
{
    const struct stage *s = self;

    (void)key;
    return !(s->step && s->step->kind == STEP_TLS && step_names(s->step, "alert"));
}

/* Does a handshake of this variant ask the broker to prove another key than its own? */
static bool shows_other(const struct variant *v, enum role server)
{
    for (size_t i = 0; i < v->steps; i++) {
        bool here = v->step[i].kind == STEP_TLS && v->step[i].to.role == server;
        for (size_t k = 0; here && k < v->step[i].count; k++) {
            const struct field *f = &v->step[i].field[k];
            bool fresh = f->pattern.kind == PATTERN_CALL && f->pattern.fn == FN_KEY && f->pattern.count;
            if (fresh && strcmp(f->name, "rs_key") == 0) return true;
        }
    }
    return false;
}

/* The certificate that a handshake of this variant wants to be wrong; NULL: none. */
static const struct credential *faulty(const struct stage *s, enum role server)
{
    static const char *const faults[CERT_FAULTS] = { "expired", "early", "other-name" };
    const struct variant *v = s->variant;

    for (size_t i = 0; i < v->steps; i++) {
        bool here = v->step[i].kind == STEP_TLS && v->step[i].to.role == server;
        for (size_t k = 0; here && k < v->step[i].count; k++) {
            const struct field *f = &v->step[i].field[k];
            for (size_t n = 0; strcmp(f->name, "cert") == 0 && n < CERT_FAULTS; n++) {
                if (f->pattern.text && strcmp(f->pattern.text, faults[n]) == 0) return &s->world->faulty[n];
            }
        }
    }
    return NULL;
}

/* A server puppet that is said to show a certificate passes a PSK over. */
static bool passes_over(const struct stage *s)
{
    for (size_t i = 0; s->step && s->step->kind == STEP_TLS && i < s->step->count; i++) {
        const struct field *f = &s->step->field[i];
        if (strcmp(f->name, "server_auth") == 0)
            return f->pattern.text && strcmp(f->pattern.text, "cert") == 0;
    }
    return false;
}

/* A server puppet knows the key that the client and the AS agreed on last, whatever the identity; what it says is judged by the flow. */
static enum err knows_psk(void *self, struct span identity, struct secret *psk)
{
    struct stage *s = self;
    const struct value *key = &stage_deal(s)->key;

    if (passes_over(s)) return ERR_NOT_FOUND;
    if (!identity.n || !lets_in(s, NULL) || key->kind != VALUE_KEY || key_type(key->key->key) != KEY_OCT)
        return ERR_NOT_AUTHORIZED;
    return secret_set(psk, key_octets(key->key->key));
}

enum err handshake_server(struct stage *s, enum role server, const struct tls_keylog *log,
                          struct tls_config **out)
{
    const struct credential *bad = faulty(s, server), *c = bad ? bad : server_credential(s, server);
    const struct fields none = { 0 };
    int version = version_of(s, &none);
    struct tls_server_options o = { .protocol = { .keylog = *log }, .owner = { s, knows_psk, lets_in } };

    if (server == ROLE_BROKER) {
        o.protocol.min_version = o.protocol.max_version = version;
        o.protocol.alpn[0] = "mqtt"; /* [R-TLS-11] */
    }
    if (shows_other(s->variant, server)) c = &s->world->other_tls;
    o.ask = server == ROLE_AS ? TLS_ASK_CERT : TLS_ASK_RPK;
    o.own[0].key = c->key.key;
    if (server == ROLE_AS || !wants_rpk(s)) o.own[0].cert_pem = buf_span(&c->pem);
    return tls_server_config(&o, out, NULL);
}

/* --- what was seen --- */

static const char *const shown_words[] = {
    [TLS_PEER_ANONYMOUS] = "none",
    [TLS_PEER_RPK] = "rpk",
    [TLS_PEER_PSK] = "psk",
    [TLS_PEER_CERTIFICATE] = "cert",
};

static void add(struct fields *out, const char *name, struct value v)
{
    const struct message *m = message_find(span_str("TLS"), span(NULL, 0));
    const struct field_def *def = message_field(m, span_str(name));

    if (def) fields_add(out, def, def->name, v);
}

static struct value peer_key(struct stage *s, const struct tls_facts *f)
{
    struct key_object k = { .may_sign = true, .may_verify = true };

    if (!f->peer_key) return (struct value){ 0 };
    k.key = key_ref(f->peer_key);
    const struct key_object *kept = vars_keep_key(&s->vars, &k);
    return kept ? value_key(&s->vars, kept) : (struct value){ 0 };
}

static void read_peer(struct stage *s, const struct strand *end, bool at_server, struct fields *out)
{
    const struct tls_facts *f = &end->facts;
    struct value key = peer_key(s, f);
    struct value shown = value_text(shown_words[f->peer]);

    shown.key = key.key;
    if (at_server && f->peer == TLS_PEER_PSK) {
        struct doc *d = doc_new_map();
        doc_put(d, "identity", doc_new_bytes(buf_span(&f->psk_identity)));
        shown.tree = vars_keep(&s->vars, d);
    }
    add(out, at_server ? "client_auth" : "server_auth", shown);
    if (!at_server) add(out, "rs_key", key);
    if (at_server && f->peer == TLS_PEER_PSK)
        add(out, "identity", value_bytes(vars_copy(&s->vars, buf_span(&f->psk_identity))));
}

void handshake_read(struct stage *s, const struct strand *end, struct fields *out)
{
    const struct tls_facts *f = &end->facts;
    bool at_server = end->accepted;
    unsigned alert = end->closed ? handshake_alert(end->reason)
                                 : 0; /* in TLS 1.3 a client hears of it after its Finished */

    if (alert) add(out, at_server ? "client_alert" : "alert", value_number(alert));
    if (!end->opened) return;
    read_peer(s, end, at_server, out);
    add(out, "version", value_text(f->version == TLS_1_3 ? "1.3" : "1.2"));
    add(out, "ems", value_number(f->extended_master_secret));
    add(out, "resumed", value_number(f->resumed));
    add(out, "early_data", value_number(0)); /* neither our side's TLS offers nor takes it */
    add(out, "cipher", value_bytes(vars_copy(&s->vars, span_str(end->cipher))));
    if (end->group[0]) add(out, "group", value_bytes(vars_copy(&s->vars, span_str(end->group))));
    if (end->alpn[0]) add(out, "alpn", value_bytes(vars_copy(&s->vars, span_str(end->alpn))));
    if (f->has_exporter)
        add(out, "exporter", value_bytes(vars_copy(&s->vars, span(f->exporter, EXPORTER_SIZE))));
}

/* RFC 8446 6, in the words of the TLS library. */
static const struct {
    const char *words;
    unsigned number;
} alerts[] = {
    { "unexpected message", 10 },
    { "bad record mac", 20 },
    { "record overflow", 22 },
    { "handshake failure", 40 },
    { "bad certificate", 42 },
    { "unsupported certificate", 43 },
    { "certificate revoked", 44 },
    { "certificate expired", 45 },
    { "certificate unknown", 46 },
    { "illegal parameter", 47 },
    { "unknown CA", 48 },
    { "access denied", 49 },
    { "decode error", 50 },
    { "decrypt error", 51 },
    { "protocol version", 70 },
    { "insufficient security", 71 },
    { "internal error", 80 },
    { "inappropriate fallback", 86 },
    { "user canceled", 90 },
    { "missing extension", 109 },
    { "unsupported extension", 110 },
    { "unrecognized name", 112 },
    { "unknown PSK identity", 115 },
    { "certificate required", 116 },
    { "no application protocol", 120 },
};

unsigned handshake_alert(const char *reason)
{
    static const char lead[] = "peer's alert: ";

    if (strncmp(reason, lead, strlen(lead)) != 0) return 0;
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++) {
        if (strcmp(reason + strlen(lead), alerts[i].words) == 0) return alerts[i].number;
    }
    return 0;
}

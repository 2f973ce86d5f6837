#include "scenarios/stage.h"

#include "common/ace/cose.h"
#include "common/codec/text.h"
#include "scenarios/cwt.h"
#include "scenarios/line.h"

#include <time.h>

#define DEFAULT_SCOPE "pubsub:a/#"

/* --- who --- */

unsigned stage_client(const struct stage *s)
{
    if (!s->step) return 1;
    const struct party *p = s->step->from.role == ROLE_CLIENT ? &s->step->from : &s->step->to;
    return p->role == ROLE_CLIENT && p->number >= 1 && p->number <= WORLD_CLIENTS ? p->number : 1;
}

/* An arrow between broker and AS is a deal of the broker's. */
struct deal *stage_deal(struct stage *s)
{
    bool clients = s->step && (s->step->from.role == ROLE_CLIENT || s->step->to.role == ROLE_CLIENT);

    return &s->deal[clients ? stage_client(s) : 0];
}

static const struct world_client *client_of(const struct stage *s)
{
    return &s->world->client[stage_client(s) - 1];
}

/* --- world variables --- */

static struct value get_broker(struct stage *s)
{
    (void)s;
    return value_text(WORLD_BROKER);
}

static struct value get_other(struct stage *s)
{
    (void)s;
    return value_text(WORLD_OTHER);
}

static struct value get_issuer(struct stage *s)
{
    (void)s;
    return value_text(WORLD_ISSUER);
}

static struct value get_as(struct stage *s)
{
    struct buf uri = { 0 };

    buf_format(&uri, "https://%s:%u%s", WORLD_HOST, s->world->as_port, s->world->token_path);
    struct value v = value_bytes(vars_copy(&s->vars, buf_span(&uri)));
    buf_clear(&uri);
    return v;
}

static struct value get_client(struct stage *s)
{
    return value_text(client_of(s)->id);
}

static struct value get_secret(struct stage *s)
{
    return value_text(client_of(s)->secret);
}

static struct value get_client_id(struct stage *s)
{
    return value_text(client_of(s)->mqtt_id);
}

static struct value own_key(struct stage *s, const struct key_object *k)
{
    struct key_object copy;

    if (key_copy(k, &copy) != OK) return (struct value){ 0 };
    const struct key_object *kept = vars_keep_key(&s->vars, &copy);
    return kept ? value_key(&s->vars, kept) : (struct value){ 0 };
}

static struct value get_client_key(struct stage *s)
{
    enum key_type t = stage_pop(s);

    return own_key(s, &client_of(s)->keys[t == KEY_OCT ? KEY_ED25519 : t]);
}

static struct value get_rs_cnf(struct stage *s)
{
    return own_key(s, &s->world->broker_tls.key);
}

static struct value get_scope(struct stage *s)
{
    return stage_deal(s)->scope;
}

static struct value get_exporter(struct stage *s)
{
    if (!s->facts || !s->facts->has_exporter) return (struct value){ 0 };
    return value_bytes(vars_copy(&s->vars, span(s->facts->exporter, EXPORTER_SIZE)));
}

static struct value get_bare_exporter(struct stage *s)
{
    if (!s->facts || !s->facts->has_bare_exporter) return get_exporter(s);
    return value_bytes(vars_copy(&s->vars, span(s->facts->bare_exporter, EXPORTER_SIZE)));
}

static const struct {
    const char *name;
    struct value (*get)(struct stage *s);
} world_values[] = {
    { "broker", get_broker },         { "other_broker", get_other }, { "as", get_as },
    { "issuer", get_issuer },         { "client", get_client },      { "secret", get_secret },
    { "client_key", get_client_key }, { "rs_cnf", get_rs_cnf },      { "client_id", get_client_id },
    { "scope", get_scope },           { "exporter", get_exporter },  { "bare_exporter", get_bare_exporter },
};

bool stage_find(struct stage *s, const char *name, struct value *out)
{
    if (vars_find(&s->vars, name, out)) return true;
    for (size_t i = 0; i < sizeof world_values / sizeof *world_values; i++) {
        if (strcmp(world_values[i].name, name) != 0) continue;
        *out = world_values[i].get(s);
        return out->kind != VALUE_ABSENT;
    }
    return false;
}

/* --- what is true --- */

int64_t stage_now(const struct stage *s)
{
    int64_t jump = 0;

    for (enum role r = 0; r < ROLE_COUNT; r++) jump = s->jump[r] > jump ? s->jump[r] : jump;
    return time(NULL) + jump;
}

enum key_type stage_pop(const struct stage *s)
{
    const char *word = s->variant ? variant_value(s->variant, "pop") : NULL;
    enum key_type t = KEY_OCT;

    if (word && !key_type_read(span_str(word), &t)) t = KEY_OCT;
    return t;
}

enum label_map endpoint_labels(const char *path)
{
    bool presents = path && (strcmp(path, "/introspect") == 0 || strcmp(path, "/revoke") == 0);

    return presents ? LABELS_INTROSPECTION : LABELS_TOKEN;
}

bool stage_refers(const struct stage *s)
{
    const char *axis = s->variant ? variant_value(s->variant, "token") : NULL;

    return axis && strcmp(axis, "reference") == 0;
}

static enum media media_of(const struct variant *v)
{
    const char *enc = variant_value(v, "enc");

    if (enc && strcmp(enc, "cbor") == 0) return MEDIA_ACE_CBOR;
    return enc && strcmp(enc, "form") == 0 ? MEDIA_FORM : MEDIA_ACE_JSON;
}

enum err stage_init(struct stage *s, const struct world *w, const struct variant *v)
{
    struct scope *scope = NULL;

    *s = (struct stage){ .world = w, .variant = v };
    TRY(scope_from_words(span_str(DEFAULT_SCOPE), &scope, NULL));
    for (size_t i = 0; i <= WORLD_CLIENTS; i++) {
        s->deal[i].scope = value_tree(&s->vars, scope_to_doc(scope));
        s->deal[i].media = media_of(v);
        s->deal[i].path = "/token";
    }
    scope_free(scope);
    return s->vars.arena.failed ? ERR_NO_MEMORY : OK;
}

void stage_clear(struct stage *s)
{
    vars_clear(&s->vars);
    *s = (struct stage){ 0 };
}

void stage_remember(struct stage *s, const struct pattern *p, struct value v)
{
    struct memo *m = APPEND(&s->vars.arena, s->memo, s->memos);

    if (m) *m = (struct memo){ p, v };
}

/* The same words of the flow, be it in a copy of the step; mutants' own patterns have no place. */
static bool same_words(const struct pattern *a, const struct pattern *b)
{
    bool placed =
        a->at.line && a->at.line == b->at.line && a->at.column == b->at.column && a->kind == b->kind;

    return a == b || (placed && strcmp(a->at.file, b->at.file) == 0);
}

bool stage_recall(const struct stage *s, const struct pattern *p, struct value *out)
{
    for (size_t i = s->memos; i-- > 0;) {
        if (!same_words(s->memo[i].pattern, p)) continue;
        *out = s->memo[i].value;
        return true;
    }
    return false;
}

/* --- tokens --- */

/* One part of a compact JOSE, as JSON. NULL: not such. */
static struct doc *part_json(struct span part)
{
    struct buf text = { 0 };
    struct doc *d = NULL;

    if (b64url_decode(part, &text) != OK || doc_read_json(buf_span(&text), &doc_limits_wire, &d, NULL) != OK)
        d = NULL;
    buf_clear(&text);
    return d;
}

static struct span part_of(struct span token, unsigned i)
{
    struct span rest = token;

    while (true) {
        const uint8_t *dot = rest.n ? memchr(rest.p, '.', rest.n) : NULL;
        size_t n = dot ? (size_t)(dot - rest.p) : rest.n;
        if (i-- == 0) return span(rest.p, n);
        if (!dot) return span(NULL, 0);
        rest = span_skip(rest, n + 1);
    }
}

static struct doc *sealed_claims(const struct world *w, struct span token)
{
    struct buf plain = { 0 };
    struct doc *d = NULL;
    const struct key *k = w->shared.key;

    if (jwe_open(token, k, &plain, NULL) == OK) {
        bool nested = jose_form(buf_span(&plain)) == JOSE_JWS;
        if (nested)
            d = part_json(part_of(buf_span(&plain), 1));
        else if (doc_read_json(buf_span(&plain), &doc_limits_wire, &d, NULL) != OK)
            d = NULL;
    }
    buf_clear(&plain);
    return d;
}

/* The scope as it is written in flows, the header as a member. */
static void dress(struct doc *claims, struct span token)
{
    struct scope *scope = NULL;
    struct doc *header = jose_form(token) == JOSE_NEITHER ? cwt_header(token) : part_json(part_of(token, 0));

    if (scope_from_member(doc_get(claims, "scope"), false, &scope, NULL) == OK)
        doc_put(claims, "scope", scope_to_doc(scope));
    if (header) doc_put(claims, "header", header);
    scope_free(scope);
}

void stage_refer(struct stage *s, struct span token, struct doc *claims)
{
    struct scope *scope = NULL;
    struct reference *r = APPEND(&s->vars.arena, s->reference, s->references);

    if (scope_from_member(doc_get(claims, "scope"), false, &scope, NULL) == OK)
        doc_put(claims, "scope", scope_to_doc(scope));
    scope_free(scope);
    const struct doc *kept = vars_keep(&s->vars, claims);
    if (r) *r = (struct reference){ vars_copy(&s->vars, token), kept };
}

static const struct doc *referred(const struct stage *s, struct span token)
{
    for (size_t i = 0; i < s->references; i++)
        if (span_eq(s->reference[i].token, token)) return s->reference[i].claims;
    return NULL;
}

struct value stage_token(struct stage *s, struct span octets)
{
    struct value v = value_bytes(vars_copy(&s->vars, octets));
    struct doc *claims = NULL;

    if (jose_form(octets) == JOSE_JWS) claims = part_json(part_of(octets, 1));
    if (jose_form(octets) == JOSE_JWE) claims = sealed_claims(s->world, octets);
    if (jose_form(octets) == JOSE_NEITHER && cose_form(octets) != COSE_NEITHER)
        claims = cwt_open(s->world, octets);
    if (doc_kind(claims) == DOC_MAP)
        dress(claims, octets);
    else {
        doc_free(claims);
        claims = NULL;
    }
    v.tree = claims ? vars_keep(&s->vars, claims) : referred(s, octets);
    return v;
}

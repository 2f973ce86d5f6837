#include "common/ace/params.h"

#include "common/ace/member.h"
#include "common/codec/text.h"

/* What is wrong with a request is the caller's fault, whatever layer found it. */
static enum err as_request_error(enum err e)
{
    return e == OK || e == ERR_NO_MEMORY ? e : ERR_INVALID_REQUEST;
}

static const struct doc *get(const struct doc *d, const char *name)
{
    return label_get(d, LABELS_TOKEN, name);
}

static enum err refuse(struct fault *why, const struct doc *at, const char *what)
{
    fault_set(why, doc_offset(at), "%s", what);
    return ERR_INVALID_REQUEST;
}

/* --- token request --- */

/* clang-format off */
static const struct member request_list[] = {
    MEMBER(token_request, "audience",      MEMBER_TEXT,   audience),
    MEMBER(token_request, "client_id",     MEMBER_TEXT,   client_id),
    MEMBER(token_request, "refresh_token", MEMBER_OCTETS, refresh_token),
    MEMBER(token_request, "cnonce",        MEMBER_BINARY, cnonce),
};
/* clang-format on */
static const struct members request_members = MEMBERS(LABELS_TOKEN, request_list);

static enum grant_type grant_of(int64_t value)
{
    return value >= GRANT_PASSWORD && value < GRANT_OTHER ? (enum grant_type)value : GRANT_OTHER;
}

static enum err read_grant_type(const struct doc *d, enum notation n, struct token_request *out,
                                struct fault *why)
{
    const struct doc *member = get(d, "grant_type");
    struct span word;
    int64_t number;

    out->grant_type = GRANT_CLIENT_CREDENTIALS; /* [R-TOK-04] */
    if (!member) return OK;
    if (n == NOTATION_CBOR && doc_int(member, &number)) /* [R-CBOR-04] */
        out->grant_type = grant_of(number);
    else if (n == NOTATION_JSON && doc_text(member, &word))
        out->grant_type = grant_of(label_value(VALUES_GRANT_TYPE, word));
    else
        return refuse(why, member, "grant_type: of the wrong type");
    return OK;
}

/* Text in JSON, bytes in CBOR. */
static enum err read_secret(const struct doc *d, enum notation n, struct token_request *out,
                            struct fault *why)
{
    const struct doc *member = get(d, "client_secret");
    struct span s;

    if (!member) return OK;
    if (!(n == NOTATION_CBOR ? doc_bytes(member, &s) : doc_text(member, &s)))
        return refuse(why, member, "client_secret: of the wrong type");
    out->has_client_secret = true;
    return secret_set(&out->client_secret, s);
}

/* [R-TOK-07, A-28] an empty value asks for the profile; so does its name, but not in CBOR [R-TOK-09] */
static enum err read_profile(const struct doc *d, enum notation n, struct token_request *out,
                             struct fault *why)
{
    const struct doc *member = get(d, "ace_profile");
    struct span s;
    int64_t number;

    if (!member) return OK;
    out->wants_profile = true;
    if (doc_kind(member) == DOC_NULL || (doc_text(member, &s) && s.n == 0)) return OK;
    if (n == NOTATION_JSON && doc_text(member, &s) && span_is(s, "mqtt_tls")) return OK;
    if (n == NOTATION_CBOR && doc_int(member, &number) &&
        number == label_value(VALUES_PROFILE, span_str("mqtt_tls")))
        return OK;
    return refuse(why, member, "ace_profile: neither empty nor mqtt_tls");
}

/* Not understood is not yet refused: invalid_scope is for the AS to say. */
static enum err read_scope(const struct doc *d, const struct dialect *how, struct token_request *out)
{
    const struct doc *member = get(d, "scope");

    if (!member) return OK;
    out->has_scope = true;
    enum err e = scope_from_member(member, how->scope_also, &out->scope, &out->scope_fault);
    return e == ERR_NO_MEMORY ? e : OK;
}

static enum err read_req_cnf(const struct doc *d, enum notation n, struct token_request *out)
{
    const struct doc *member = get(d, "req_cnf");

    if (!member) return OK;
    out->has_req_cnf = true;
    out->req_cnf_error = cnf_read(member, n, &out->req_cnf, NULL);
    if (out->req_cnf_error == ERR_NO_MEMORY) return ERR_NO_MEMORY;
    const struct key *k = out->req_cnf.kind == CNF_KEY ? out->req_cnf.object.key : NULL;
    out->req_cnf_symmetric = k && key_type(k) == KEY_OCT; /* [R-TOK-24] */
    return OK;
}

/* Draft -02 calls the audience aud. */
static enum err read_aud(const struct doc *d, const struct dialect *how, struct token_request *out,
                         struct fault *why)
{
    const struct doc *member = doc_get(d, "aud");
    struct span s;

    if (!(how->scope_also & SCOPE_DRAFT02) || !member || out->has_audience) return OK;
    if (!doc_text(member, &s)) return refuse(why, member, "aud: no text");
    out->has_audience = true;
    buf_add(&out->audience, s);
    return buf_failed(&out->audience) ? ERR_NO_MEMORY : OK;
}

static enum err read_request(const struct doc *d, const struct dialect *how, struct token_request *out,
                             struct fault *why)
{
    TRY(members_read(&request_members, d, how, out, why));
    TRY(read_aud(d, how, out, why));
    TRY(read_grant_type(d, how->notation, out, why));
    TRY(read_secret(d, how->notation, out, why));
    TRY(read_profile(d, how->notation, out, why));
    TRY(read_scope(d, how, out));
    return read_req_cnf(d, how->notation, out);
}

static enum err request_read(struct span body, enum media m, enum scope_spelling also,
                             struct token_request *out, struct fault *why)
{
    const struct dialect how = { media_notation(m), also };
    struct doc *d = NULL;

    *out = (struct token_request){ 0 };
    enum err e = body_read(body, m, &d, why);
    if (e == OK) e = read_request(d, &how, out, why);
    doc_free(d);
    if (e != OK) token_request_clear(out);
    return as_request_error(e);
}

enum err token_request_read(struct span body, enum media m, struct token_request *out, struct fault *why)
{
    return request_read(body, m, SCOPE_LENIENT, out, why);
}

enum err token_request_read_draft02(struct span body, enum media m, struct token_request *out,
                                    struct fault *why)
{
    return request_read(body, m, SCOPE_LENIENT | SCOPE_DRAFT02, out, why);
}

static void put(struct doc *d, enum notation n, const char *name, struct doc *child)
{
    label_put(d, LABELS_TOKEN, n, name, child);
}

static struct doc *grant_doc(enum grant_type g, enum notation n)
{
    return n == NOTATION_CBOR ? doc_new_int(g) : doc_new_str(label_word(VALUES_GRANT_TYPE, g));
}

/* ACE's own media types leave the default out; plain OAuth servers expect it spelled. */
static bool says_grant(const struct token_request *in, enum media m)
{
    return in->grant_type != GRANT_CLIENT_CREDENTIALS || m == MEDIA_JSON || m == MEDIA_FORM;
}

static struct doc *secret_doc(const struct secret *s, enum notation n)
{
    return n == NOTATION_CBOR ? doc_new_bytes(secret_span(s)) : doc_new_text(secret_span(s));
}

static struct doc *empty_doc(enum notation n)
{
    return n == NOTATION_CBOR ? doc_new_null() : doc_new_str("");
}

static struct doc *request_doc(const struct token_request *in, enum media m)
{
    enum notation n = media_notation(m);
    struct doc *d = doc_new_map();

    if (!d) return NULL;
    if (says_grant(in, m)) put(d, n, "grant_type", grant_doc(in->grant_type, n));
    members_write(&request_members, in, n, d);
    if (in->has_client_secret) put(d, n, "client_secret", secret_doc(&in->client_secret, n));
    if (in->has_scope) put(d, n, "scope", in->scope ? scope_to_member(in->scope, n) : NULL);
    if (in->has_req_cnf) put(d, n, "req_cnf", cnf_write(&in->req_cnf, n));
    if (in->wants_profile) put(d, n, "ace_profile", empty_doc(n));
    return d;
}

enum err token_request_write(const struct token_request *in, enum media m, struct buf *out)
{
    if (in->grant_type == GRANT_OTHER) return ERR_PROTOCOL;
    struct doc *d = request_doc(in, m);
    if (!d) return ERR_NO_MEMORY;
    enum err e = body_write(d, m, out);
    doc_free(d);
    return e;
}

void token_request_clear(struct token_request *r)
{
    if (!r) return;
    buf_clear(&r->client_id);
    buf_clear(&r->audience);
    buf_clear(&r->cnonce);
    buf_clear(&r->refresh_token);
    secret_clear(&r->client_secret);
    scope_free(r->scope);
    cnf_clear(&r->req_cnf);
    *r = (struct token_request){ 0 };
}

/* --- token response --- */

/* clang-format off */
static const struct member response_list[] = {
    { "access_token", MEMBER_OCTETS, MEMBER_MUST, offsetof(struct token_response, access_token) },
    { "token_type",   MEMBER_TOKEN_TYPE, offsetof(struct token_response, has_token_type), offsetof(struct token_response, is_pop) },
    MEMBER(token_response, "expires_in", MEMBER_SECONDS, expires_in),
    { "ace_profile",  MEMBER_PROFILE, offsetof(struct token_response, has_profile), offsetof(struct token_response, profile_is_mqtt_tls) },
    MEMBER(token_response, "exp",        MEMBER_SECONDS, exp),
    MEMBER(token_response, "scope",      MEMBER_SCOPE,   scope),
    MEMBER(token_response, "cnf",        MEMBER_CNF,     cnf),
    MEMBER(token_response, "rs_cnf",     MEMBER_CNF,     rs_cnf),
};
/* clang-format on */
static const struct members response_members = MEMBERS(LABELS_TOKEN, response_list);

enum err token_response_read(struct span body, enum media m, enum scope_spelling also,
                             struct token_response *out, struct fault *why)
{
    const struct dialect how = { media_notation(m), also };
    struct doc *d = NULL;

    *out = (struct token_response){ .is_pop = true }; /* [R-TOK-12] */
    enum err e = body_read(body, media_answer(m), &d, why);
    if (e == OK) e = members_read(&response_members, d, &how, out, why);
    doc_free(d);
    if (e != OK) token_response_clear(out);
    return e;
}

enum err token_response_write(const struct token_response *in, enum media m, struct buf *out)
{
    struct doc *d = doc_new_map();

    if (!d) return ERR_NO_MEMORY;
    members_write(&response_members, in, media_notation(m), d);
    enum err e = body_write(d, media_answer(m), out);
    doc_free(d);
    return e;
}

void token_response_clear(struct token_response *r)
{
    if (!r) return;
    buf_clear(&r->access_token);
    scope_free(r->scope);
    cnf_clear(&r->cnf);
    cnf_clear(&r->rs_cnf);
    *r = (struct token_response){ 0 };
}

/* --- errors --- */

/* RFC 6749 5.2: %x20-21 / %x23-5B / %x5D-7E */
static struct doc *description_doc(const char *description)
{
    struct buf text = { 0 };

    for (const char *c = description; *c; c++) {
        bool allowed = *c >= ' ' && *c <= '~' && *c != '"' && *c != '\\';
        buf_u8(&text, (uint8_t)(allowed ? *c : '\''));
    }
    struct doc *d = buf_failed(&text) ? NULL : doc_new_text(buf_span(&text));
    buf_clear(&text);
    return d;
}

enum err error_write(enum err e, const char *description, enum media m, struct buf *out)
{
    const struct err_wire *w = err_wire(e);
    enum notation n = media_notation(m);

    if (!w->oauth) return OK;
    struct doc *d = doc_new_map();
    if (!d) return ERR_NO_MEMORY;
    put(d, n, "error",
        n == NOTATION_CBOR ? doc_new_int(w->oauth_cbor) : doc_new_str(w->oauth)); /* [R-TERR-11] */
    if (description) put(d, n, "error_description", description_doc(description));
    enum err result = body_write(d, media_answer(m), out);
    doc_free(d);
    return result;
}

static enum err read_error_word(const struct doc *d, struct buf *out)
{
    const struct doc *member = get(d, "error");
    struct span word;
    int64_t code;

    if (doc_text(member, &word))
        buf_add(out, word);
    else if (!doc_int(member, &code))
        return ERR_MALFORMED;
    else if (label_word(VALUES_ERROR, code))
        buf_str(out, label_word(VALUES_ERROR, code));
    else
        buf_format(out, "error %lld", (long long)code);
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

static enum err read_error(const struct doc *d, struct error_response *out)
{
    struct span text;

    TRY(read_error_word(d, &out->error));
    if (doc_text(get(d, "error_description"), &text)) buf_add(&out->description, text);
    return buf_failed(&out->description) ? ERR_NO_MEMORY : OK;
}

enum err error_read(struct span body, enum media m, struct error_response *out)
{
    struct doc *d = NULL;

    *out = (struct error_response){ 0 };
    enum err e = body_read(body, media_answer(m), &d, NULL);
    if (e == OK) e = read_error(d, out);
    doc_free(d);
    if (e != OK) error_response_clear(out);
    return e;
}

void error_response_clear(struct error_response *r)
{
    if (!r) return;
    buf_clear(&r->error);
    buf_clear(&r->description);
    *r = (struct error_response){ 0 };
}

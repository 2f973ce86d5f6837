#include "common/ace/introspection.h"

#include "common/ace/member.h"

/* --- request --- */

/* clang-format off */
static const struct member request_list[] = {
    { "token", MEMBER_OCTETS, MEMBER_MUST, offsetof(struct introspection_request, token) }, /* [R-INT-07] */
};
static const struct member hint_list[] = {
    MEMBER(introspection_request, "token_type_hint", MEMBER_TEXT, hint),
};
/* clang-format on */
static const struct members request_members = MEMBERS(LABELS_INTROSPECTION, request_list);
static const struct members hint_members = MEMBERS(LABELS_INTROSPECTION, hint_list);

static enum err read_request(const struct doc *d, enum media m, struct introspection_request *out,
                             struct fault *why)
{
    const struct dialect how = { media_notation(m), false };
    int64_t number;

    TRY(members_read(&request_members, d, &how, out, why));
    if (doc_int(label_get(d, LABELS_INTROSPECTION, "token_type_hint"), &number))
        return OK; /* tolerated */
    return members_read(&hint_members, d, &how, out, why);
}

/* What is wrong with a request is the caller's fault, whatever layer found it. */
static enum err as_request_error(enum err e)
{
    return e == OK || e == ERR_NO_MEMORY ? e : ERR_INVALID_REQUEST;
}

enum err introspection_request_read(struct span body, enum media m, struct introspection_request *out,
                                    struct fault *why)
{
    struct doc *d = NULL;

    *out = (struct introspection_request){ 0 };
    enum err e = body_read(body, m, &d, why);
    if (e == OK) e = read_request(d, m, out, why);
    doc_free(d);
    if (e != OK) introspection_request_clear(out);
    return as_request_error(e);
}

enum err introspection_request_write(const struct introspection_request *in, enum media m, struct buf *out)
{
    struct doc *d = doc_new_map();

    if (!d) return ERR_NO_MEMORY;
    members_write(&request_members, in, media_notation(m), d);
    members_write(&hint_members, in, media_notation(m), d);
    enum err e = body_write(d, m, out);
    doc_free(d);
    return e;
}

void introspection_request_clear(struct introspection_request *r)
{
    if (!r) return;
    buf_clear(&r->token);
    buf_clear(&r->hint);
    *r = (struct introspection_request){ 0 };
}

/* --- response --- */

static const struct member response_list[] = {
    { "token_type", MEMBER_TOKEN_TYPE, offsetof(struct introspection_response, has_token_type),
      offsetof(struct introspection_response, is_pop) },
};
static const struct members response_members = MEMBERS(LABELS_INTROSPECTION, response_list);

static enum err refuse(struct fault *why, const char *what)
{
    fault_set(why, 0, "introspection: %s", what);
    return ERR_MALFORMED;
}

static enum err read_response(const struct doc *d, const struct dialect *how,
                              struct introspection_response *out, struct fault *why)
{
    if (!doc_bool(label_get(d, LABELS_INTROSPECTION, "active"), &out->active))
        return refuse(why, "no boolean active member"); /* [R-INT-09] */
    if (!out->active) return OK;
    out->is_pop = true;
    TRY(members_read(&response_members, d, how, out, why));
    return claim_set_read(d, LABELS_INTROSPECTION, how->notation, how->scope_also, &out->claims, why);
}

enum err introspection_response_read(struct span body, enum media m, enum scope_spelling also,
                                     struct introspection_response *out, struct fault *why)
{
    const struct dialect how = { media_notation(m), also };
    struct doc *d = NULL;

    *out = (struct introspection_response){ 0 };
    enum err e = body_read(body, media_answer(m), &d, why);
    if (e == OK) e = read_response(d, &how, out, why);
    doc_free(d);
    if (e != OK) introspection_response_clear(out);
    return e;
}

static struct doc *response_doc(const struct introspection_response *in, enum notation n)
{
    struct doc *d = in->active ? claim_set_write(&in->claims, LABELS_INTROSPECTION, n) : doc_new_map();

    if (!d) return NULL;
    label_put(d, LABELS_INTROSPECTION, n, "active", doc_new_bool(in->active));
    if (in->active) members_write(&response_members, in, n, d); /* [R-INT-11] */
    return d;
}

enum err introspection_response_write(const struct introspection_response *in, enum media m, struct buf *out)
{
    struct doc *d = response_doc(in, media_notation(m));

    if (!d) return ERR_NO_MEMORY;
    enum err e = body_write(d, media_answer(m), out);
    doc_free(d);
    return e;
}

void introspection_response_clear(struct introspection_response *r)
{
    if (!r) return;
    claim_set_clear(&r->claims);
    *r = (struct introspection_response){ 0 };
}

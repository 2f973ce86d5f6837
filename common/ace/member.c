#include "common/ace/member.h"

#include "common/ace/cose.h"
#include "common/codec/text.h"

enum { PROFILE_MQTT_TLS = 3, TOKEN_TYPE_BEARER = 1, TOKEN_TYPE_POP = 2 };

static const int64_t seconds_end = 100000000000; /* a later time is one in milliseconds */

static enum err keep(struct span bytes, struct buf *out)
{
    buf_add(out, bytes);
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

static enum err read_text(const struct doc *d, const struct dialect *how, void *value, struct fault *why)
{
    struct span s;

    (void)how;
    (void)why;
    return doc_text(d, &s) ? keep(s, value) : ERR_MALFORMED;
}

static struct doc *write_text(const void *value, enum notation n)
{
    (void)n;
    return doc_new_text(buf_span(value));
}

static enum err read_octets(const struct doc *d, const struct dialect *how, void *value, struct fault *why)
{
    struct buf cwt = { 0 };
    struct span s;

    (void)why;
    if (how->notation == NOTATION_CBOR) return doc_bytes(d, &s) ? keep(s, value) : ERR_MALFORMED;
    if (!doc_text(d, &s)) return ERR_MALFORMED;
    enum err e = keep(cose_from_text(s, &cwt) ? buf_span(&cwt) : s, value);
    buf_clear(&cwt);
    return e;
}

static struct doc *write_octets(const void *value, enum notation n)
{
    if (n == NOTATION_CBOR) return doc_new_bytes(buf_span(value));
    return utf8_mqtt(buf_span(value)) ? doc_new_text(buf_span(value)) : doc_new_base64url(buf_span(value));
}

static enum err read_binary(const struct doc *d, const struct dialect *how, void *value, struct fault *why)
{
    struct buf *out = value;
    struct span s;

    if (how->notation == NOTATION_CBOR) return read_octets(d, how, value, why);
    if (!doc_text(d, &s)) return ERR_MALFORMED;
    TRY(b64url_decode(s, out));
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

static struct doc *write_binary(const void *value, enum notation n)
{
    return n == NOTATION_CBOR ? doc_new_bytes(buf_span(value)) : doc_new_base64url(buf_span(value));
}

static enum err read_seconds(const struct doc *d, const struct dialect *how, void *value, struct fault *why)
{
    int64_t v;
    double f;

    (void)how;
    (void)why;
    if (!doc_int(d, &v)) {
        if (!doc_float(d, &f) || !(f >= 0 && f < (double)seconds_end)) return ERR_MALFORMED;
        v = (int64_t)f;
    }
    if (v < 0 || v >= seconds_end) return ERR_MALFORMED;
    memcpy(value, &v, sizeof v);
    return OK;
}

static enum err read_not_before(const struct doc *d, const struct dialect *how, void *value,
                                struct fault *why)
{
    int64_t *v = value;
    double f;

    TRY(read_seconds(d, how, value, why));
    if (doc_kind(d) == DOC_FLOAT && doc_float(d, &f) && (double)*v < f) ++*v;
    return OK;
}

static struct doc *write_seconds(const void *value, enum notation n)
{
    (void)n;
    return doc_new_int(*(const int64_t *)value);
}

static enum err read_scope(const struct doc *d, const struct dialect *how, void *value, struct fault *why)
{
    return scope_from_member(d, how->scope_also, value, why);
}

static struct doc *write_scope(const void *value, enum notation n)
{
    const struct scope *const *s = value;

    return *s ? scope_to_member(*s, n) : NULL;
}

enum err dialect_read_cnf(const struct doc *d, const struct dialect *how, struct cnf *out, struct fault *why)
{
    if (how->notation == NOTATION_JSON && how->scope_also & SCOPE_DRAFT02)
        return cnf_read_draft02(d, out, why);
    return cnf_read(d, how->notation, out, why);
}

static enum err read_cnf(const struct doc *d, const struct dialect *how, void *value, struct fault *why)
{
    return dialect_read_cnf(d, how, value, why);
}

static struct doc *write_cnf(const void *value, enum notation n)
{
    return cnf_write(value, n);
}

/* A word in JSON, its number in CBOR [R-TOK-09, R-CBOR-05]; -1: none we know. */
static enum err read_word(const struct doc *d, enum notation n, enum label_values set, int64_t *out)
{
    struct span word;

    if (n == NOTATION_CBOR) return doc_int(d, out) ? OK : ERR_MALFORMED;
    if (!doc_text(d, &word)) return ERR_MALFORMED;
    *out = label_value(set, word);
    return OK;
}

static struct doc *write_word(enum label_values set, int64_t value, enum notation n)
{
    return n == NOTATION_CBOR ? doc_new_int(value) : doc_new_str(label_word(set, value));
}

static enum err read_profile(const struct doc *d, const struct dialect *how, void *value, struct fault *why)
{
    int64_t v;

    (void)why;
    TRY(read_word(d, how->notation, VALUES_PROFILE, &v));
    *(bool *)value = v == PROFILE_MQTT_TLS;
    return OK;
}

/* Another profile has no name here; what is not mqtt_tls is never written by us. */
static struct doc *write_profile(const void *value, enum notation n)
{
    return *(const bool *)value ? write_word(VALUES_PROFILE, PROFILE_MQTT_TLS, n) : NULL;
}

static enum err read_token_type(const struct doc *d, const struct dialect *how, void *value,
                                struct fault *why)
{
    int64_t v;

    (void)why;
    TRY(read_word(d, how->notation, VALUES_TOKEN_TYPE, &v));
    *(bool *)value = v == TOKEN_TYPE_POP;
    return OK;
}

static struct doc *write_token_type(const void *value, enum notation n)
{
    return write_word(VALUES_TOKEN_TYPE, *(const bool *)value ? TOKEN_TYPE_POP : TOKEN_TYPE_BEARER, n);
}

/* clang-format off */
static const struct codec {
    enum err (*read)(const struct doc *d, const struct dialect *how, void *value, struct fault *why);
    struct doc *(*write)(const void *value, enum notation n);
} codecs[] = {
    [MEMBER_TEXT]       = { read_text,       write_text       },
    [MEMBER_OCTETS]     = { read_octets,     write_octets     },
    [MEMBER_BINARY]     = { read_binary,     write_binary     },
    [MEMBER_SECONDS]    = { read_seconds,    write_seconds    },
    [MEMBER_NOT_BEFORE] = { read_not_before, write_seconds    },
    [MEMBER_SCOPE]      = { read_scope,      write_scope      },
    [MEMBER_CNF]        = { read_cnf,        write_cnf        },
    [MEMBER_PROFILE]    = { read_profile,    write_profile    },
    [MEMBER_TOKEN_TYPE] = { read_token_type, write_token_type },
};
/* clang-format on */

static bool is_present(const struct member *f, const void *record)
{
    return f->has == MEMBER_MUST || *(const bool *)((const char *)record + f->has);
}

static enum err read_one(const struct member *f, const struct doc *member, const struct dialect *how,
                         void *record, struct fault *why)
{
    void *value = (char *)record + f->value;

    fault_set(why, doc_offset(member), "%s: of the wrong type or out of range", f->name);
    TRY(codecs[f->kind].read(member, how, value, why));
    if (f->has == MEMBER_MUST && ((struct buf *)value)->n == 0) return ERR_MALFORMED;
    if (f->has != MEMBER_MUST) *(bool *)((char *)record + f->has) = true;
    fault_set(why, 0, "%s", ""); /* what was laid down in case this member is refused */
    return OK;
}

enum err members_read(const struct members *m, const struct doc *d, const struct dialect *how, void *record,
                      struct fault *why)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct member *f = &m->list[i];
        const struct doc *member = label_get(d, m->map, f->name);
        if (member) TRY(read_one(f, member, how, record, why));
        if (member || f->has != MEMBER_MUST) continue;
        fault_set(why, doc_offset(d), "%s is missing", f->name);
        return ERR_MALFORMED;
    }
    return OK;
}

void members_write(const struct members *m, const void *record, enum notation n, struct doc *d)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct member *f = &m->list[i];
        int64_t label;
        if (!is_present(f, record)) continue;
        if (n == NOTATION_CBOR && !label_of(m->map, f->name, &label)) continue;
        label_put(d, m->map, n, f->name, codecs[f->kind].write((const char *)record + f->value, n));
    }
}

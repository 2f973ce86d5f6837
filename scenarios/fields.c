#include "scenarios/fields.h"

#include "common/base/utf8.h"
#include "common/codec/text.h"
#include "scenarios/line.h"

static struct held *find(const struct fields *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->held[i].name, name) == 0) return &f->held[i];
    }
    return NULL;
}

void fields_add(struct fields *f, const struct field_def *def, const char *name, struct value v)
{
    struct held *h = v.kind == VALUE_ABSENT ? NULL : APPEND(&f->vars->arena, f->held, f->count);

    if (h) *h = (struct held){ def, name, v };
}

void fields_set(struct fields *f, const struct field_def *def, const char *name, struct value v)
{
    struct held *h = find(f, name);

    if (!h) {
        fields_add(f, def, name, v);
        return;
    }
    h->value = v;
    if (v.kind != VALUE_ABSENT) return;
    size_t behind = f->count - (size_t)(h - f->held) - 1;
    memmove(h, h + 1, behind * sizeof *h);
    f->count--;
}

struct value fields_get(const struct fields *f, const char *name)
{
    const struct held *h = find(f, name);

    return h ? h->value : (struct value){ 0 };
}

bool fields_has(const struct fields *f, const char *name)
{
    return find(f, name) != NULL;
}

const char *fields_user_name(struct vars *v, struct span property)
{
    struct buf name = { 0 };

    buf_str(&name, FIELD_USER);
    buf_add(&name, property);
    const char *kept = arena_text(&v->arena, buf_span(&name));
    buf_clear(&name);
    return kept;
}

enum { MAX_TOLD = 24, MAX_PAYLOAD_TOLD = 60 }; /* characters of what may be a secret */

static bool holds_secret(const char *name, const struct value *v, struct span text)
{
    static const char *const names[] = { "access_token", "token",         "refresh_token", "username",
                                         "password",     "client_secret", "authorization", "data",
                                         "identity",     "exporter",      "body",          "query" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) return true;
    }
    if (strcmp(name, "payload") == 0) return text.n > MAX_PAYLOAD_TOLD; /* a token for authz-info is longer */
    bool tree = v->kind == VALUE_TREE || v->kind == VALUE_KEY;
    return tree && text.n && (memmem(text.p, text.n, "\"k\":", 4) || memmem(text.p, text.n, "\"d\":", 4));
}

/* Not half a character at the end. */
static size_t told_part(struct span text)
{
    size_t n = MAX_TOLD;

    while (n > 0 && (text.p[n] & 0xC0) == 0x80) n--;
    return n;
}

void field_value_print(const char *name, const struct value *v, struct buf *out)
{
    struct buf text = { 0 };

    value_print(v, &text);
    struct span s = buf_span(&text);
    if (s.n > MAX_TOLD && holds_secret(name, v, s)) {
        buf_add(out, span(s.p, told_part(s)));
        buf_str(out, "...");
        if (v->kind == VALUE_BYTES) buf_format(out, " (%zu octets)", v->bytes.n);
    } else {
        buf_add(out, s);
    }
    out->failed |= buf_failed(&text);
    buf_clear(&text);
}

void fields_print(const struct fields *f, struct buf *out)
{
    for (size_t i = 0; i < f->count; i++) {
        buf_format(out, "%s%s=", i ? " " : "", f->held[i].name);
        field_value_print(f->held[i].name, &f->held[i].value, out);
    }
}

static struct doc *shown(const struct value *v)
{
    struct buf hex = { 0 };

    if (v->kind != VALUE_BYTES || utf8_mqtt(v->bytes)) return value_doc(v);
    hex_encode(&hex, v->bytes);
    struct doc *d = doc_new_map();
    if (d) doc_put(d, "hex", doc_new_text(buf_span(&hex)));
    buf_clear(&hex);
    return d;
}

struct doc *fields_doc(const struct fields *f)
{
    struct doc *d = doc_new_map();

    for (size_t i = 0; d && i < f->count; i++) doc_put(d, f->held[i].name, shown(&f->held[i].value));
    return d;
}

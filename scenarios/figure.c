#include "scenarios/figure.h"

#include "common/base/map.h"
#include "scenarios/json.h"

enum err figures_init(struct figures *f)
{
    static const uint8_t key[16] = { 0 }; /* what goes in is ours */

    *f = (struct figures){ .known = map_new(key) };
    return f->known ? OK : ERR_NO_MEMORY;
}

void figures_clear(struct figures *f)
{
    map_free(f->known);
    buf_clear(&f->json);
    *f = (struct figures){ 0 };
}

static const char *kind_word(enum step_kind kind)
{
    switch (kind) {
    case STEP_ARROW:
        return "arrow";
    case STEP_TLS:
        return "tls";
    case STEP_VERB:
        return "verb";
    case STEP_CLOCK:
        return "clock";
    case STEP_QUIET:
        return "quiet";
    }
    return "";
}

static void put_party(struct buf *json, const char *name, struct party p)
{
    struct buf text = { 0 };

    party_print(p, &text);
    json_text(json, name, buf_span(&text));
    json->failed |= buf_failed(&text);
    buf_clear(&text);
}

/* What stands on the arrow, or after the colon. */
static void put_text(struct buf *json, const struct step *s)
{
    struct buf text = { 0 };

    if (s->kind == STEP_CLOCK) buf_format(&text, "%+lld s", (long long)s->seconds);
    if (s->message) buf_str(&text, s->message->word);
    if (s->path) buf_format(&text, " %s", s->path);
    if (s->verb) buf_str(&text, s->verb->word);
    for (size_t i = 0; s->verb && i < s->count; i++) {
        buf_u8(&text, ' ');
        field_print(&s->field[i], &text);
    }
    json_text(json, "text", buf_span(&text));
    json->failed |= buf_failed(&text);
    buf_clear(&text);
}

static void put_check(struct buf *json, const struct check_result *c)
{
    json_open(json, NULL, '{');
    json_text(json, "field", buf_span(&c->field));
    json_word(json, "held", c->held ? "true" : "false");
    if (!c->held) json_text(json, "want", buf_span(&c->want));
    if (!c->held) json_text(json, "got", buf_span(&c->got));
    json_open(json, "rules", '[');
    for (size_t i = 0; i < c->rule_count; i++) json_text(json, NULL, buf_span(&c->rules[i]));
    json_close(json, ']');
    json_close(json, '}');
}

/* The checks of a step stand behind each other; the first of a message has no field. Returns how many. */
static size_t put_checks(struct buf *json, const struct step *s, const struct run_result *run, size_t from)
{
    struct buf arrow = { 0 };
    size_t i = from;

    step_print(s, &arrow);
    json_open(json, "checks", '[');
    while (i < run->check_count && span_eq(buf_span(&run->checks[i].arrow), buf_span(&arrow)) &&
           (i == from || run->checks[i].field.n))
        put_check(json, &run->checks[i++]);
    json_close(json, ']');
    json->failed |= buf_failed(&arrow);
    buf_clear(&arrow);
    return i - from;
}

static void draw(const struct variant *v, const struct run_result *run, struct buf *json)
{
    size_t used = 0;

    json_open(json, NULL, '[');
    for (size_t i = 0; i < v->steps; i++) {
        const struct step *s = &v->step[i];
        json_open(json, NULL, '{');
        json_text(json, "kind", span_str(kind_word(s->kind)));
        if (s->label) json_text(json, "label", span_str(s->label));
        put_party(json, "from", s->kind == STEP_QUIET ? s->to : s->from);
        if (s->kind == STEP_ARROW || s->kind == STEP_TLS) put_party(json, "to", s->to);
        put_text(json, s);
        used += put_checks(json, s, run, used);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* Numbers are kept as pointers, one more than they are: no entry is NULL. */
static size_t as_number(const void *value)
{
    return (size_t)(uintptr_t)value - 1;
}

enum err figures_add(struct figures *f, const struct variant *v, const struct run_result *run, size_t *number)
{
    struct buf json = { 0 };
    enum err e = OK;

    draw(v, run, &json);
    const void *known = buf_failed(&json) ? NULL : map_get(f->known, buf_span(&json));
    if (buf_failed(&json)) {
        e = ERR_NO_MEMORY;
    } else if (known) {
        *number = as_number(known);
    } else {
        *number = f->count++;
        e = map_put(f->known, buf_span(&json), (void *)(uintptr_t)(*number + 1));
        if (*number) buf_str(&f->json, ",\n");
        buf_add(&f->json, buf_span(&json));
    }
    buf_clear(&json);
    return buf_failed(&f->json) ? ERR_NO_MEMORY : e;
}

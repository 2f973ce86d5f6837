#include "scenarios/sketch.h"

#include "scenarios/vary.h"

enum { SHOWN_FIELDS = 3, MAX_FIELD = 48 };

/* Mermaid takes ; for the end of a line and # for an escape. */
static void add_escaped(struct buf *to, struct span text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '#' || text.p[i] == ';')
            buf_format(to, "#%u;", text.p[i]);
        else
            buf_u8(to, text.p[i]);
    }
}

static const char *name_of(enum role r)
{
    static const char *const names[ROLE_COUNT] = {
        [ROLE_CLIENT] = "Client", [ROLE_BROKER] = "Broker", [ROLE_AS] = "AS"
    };

    return names[r];
}

static void add_participants(const struct variant *v, struct buf *out)
{
    for (enum role r = 0; r < ROLE_COUNT; r++) {
        bool there = false;
        for (size_t i = 0; i < v->steps && !there; i++)
            there = v->step[i].from.role == r || (v->step[i].to.role == r && v->step[i].kind <= STEP_TLS);
        if (there) buf_format(out, "  participant %s\n", name_of(r));
    }
}

/* The fields that say most: the first few that are short and are there. */
static void add_fields(const struct step *s, struct buf *out)
{
    size_t shown = 0;

    for (size_t i = 0; i < s->count && shown < SHOWN_FIELDS; i++) {
        struct buf field = { 0 };
        field_print(&s->field[i], &field);
        bool absent = field.n >= 2 && memcmp(field.p + field.n - 2, "=-", 2) == 0;
        if (field.n <= MAX_FIELD && !absent && !s->field[i].optional) {
            buf_str(out, "<br/>");
            add_escaped(out, buf_span(&field));
            shown++;
        }
        buf_clear(&field);
    }
}

static void add_message(const struct step *s, struct buf *out)
{
    buf_format(out, "  %s%s%s: ", name_of(s->from.role), s->kind == STEP_TLS ? "-->>" : "->>",
               name_of(s->to.role));
    if (s->label && !s->label[1]) buf_format(out, "(%s) ", s->label); /* A to F, as in the RFC */
    buf_str(out, s->kind == STEP_TLS ? "TLS handshake" : s->message->word);
    if (s->path) buf_format(out, " %s", s->path);
    add_fields(s, out);
    buf_u8(out, '\n');
}

static void add_step(const struct step *s, struct buf *out)
{
    struct buf words = { 0 };

    switch (s->kind) {
    case STEP_ARROW:
    case STEP_TLS:
        add_message(s, out);
        break;
    case STEP_VERB:
        break; /* what a program is told is not on the wire */
    case STEP_CLOCK:
    case STEP_QUIET:
        step_print(s, &words);
        buf_format(out, "  Note over %s: ", name_of(s->kind == STEP_QUIET ? s->to.role : s->from.role));
        add_escaped(out, buf_span(&words));
        buf_u8(out, '\n');
        break;
    }
    buf_clear(&words);
}

enum err sketch_write(const struct suite *s, const char *id, struct buf *out)
{
    const struct scenario *sc = flows_find(&s->flows, id);
    struct variant v = { 0 };

    if (!sc) return ERR_NOT_FOUND;
    TRY(flow_expand(sc, 0, &v));
    buf_str(out, "sequenceDiagram\n");
    add_participants(&v, out);
    for (size_t i = 0; i < v.steps; i++) add_step(&v.step[i], out);
    variant_clear(&v);
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

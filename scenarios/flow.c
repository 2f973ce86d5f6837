#include "scenarios/flow.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void flows_blame(struct flows *f, struct place at, const char *format, ...)
{
    va_list args;

    if (f->errors >= MAX_FLOW_ERRORS) return;
    f->error = arena_more(&f->arena, f->error, f->errors, sizeof *f->error);
    if (!f->error) {
        f->errors = 0;
        return;
    }
    struct flow_error *e = &f->error[f->errors++];
    e->at = at;
    va_start(args, format);
    vsnprintf(e->why, sizeof e->why, format, args);
    va_end(args);
}

const struct scenario *flows_find(const struct flows *f, const char *id)
{
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->scenario[i]->id, id) == 0) return f->scenario[i];
    }
    return NULL;
}

static int by_place(const void *a, const void *b)
{
    const struct flow_error *x = a, *y = b;
    int file = strcmp(x->at.file, y->at.file);

    if (file) return file;
    if (x->at.line != y->at.line) return x->at.line < y->at.line ? -1 : 1;
    return x->at.column < y->at.column ? -1 : x->at.column > y->at.column;
}

void flows_print_errors(struct flows *f, struct buf *out)
{
    if (f->errors) qsort(f->error, f->errors, sizeof *f->error, by_place);
    for (size_t i = 0; i < f->errors; i++) {
        const struct flow_error *e = &f->error[i];
        buf_format(out, "%s:%u:%u: %s\n", e->at.file, e->at.line, e->at.column, e->why);
    }
}

void flows_clear(struct flows *f)
{
    arena_clear(&f->arena);
    *f = (struct flows){ 0 };
}

void party_print(struct party p, struct buf *out)
{
    buf_str(out, role_name(p.role));
    if (p.number > 1) buf_format(out, "%u", p.number);
}

static void print_message(const struct step *s, struct buf *out)
{
    party_print(s->from, out);
    buf_str(out, s->kind == STEP_TLS ? " ~> " : " -> ");
    party_print(s->to, out);
    buf_format(out, " %s", s->message->word);
    if (s->path) buf_format(out, " %s", s->path);
}

static void print_verb(const struct step *s, struct buf *out)
{
    party_print(s->from, out);
    buf_format(out, " : %s", s->verb->word);
    for (size_t i = 0; i < s->count; i++) {
        buf_u8(out, ' ');
        field_print(&s->field[i], out);
    }
}

static void print_clock(const struct step *s, struct buf *out)
{
    static const struct unit {
        int64_t seconds;
        char letter;
    } units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
    const struct unit *u = units;

    while (s->seconds % u->seconds) u++;
    buf_str(out, "clock ");
    party_print(s->from, out);
    buf_format(out, " %+lld%c", (long long)(s->seconds / u->seconds), u->letter);
}

void step_print(const struct step *s, struct buf *out)
{
    switch (s->kind) {
    case STEP_ARROW:
    case STEP_TLS:
        print_message(s, out);
        break;
    case STEP_VERB:
        print_verb(s, out);
        break;
    case STEP_CLOCK:
        print_clock(s, out);
        break;
    case STEP_QUIET:
        buf_str(out, "quiet ");
        party_print(s->to, out);
        break;
    }
}

void field_print(const struct field *f, struct buf *out)
{
    if (f->name)
        buf_format(out, "%s%s%s%s=", f->name, f->path ? "." : "", f->path ? f->path : "",
                   f->optional ? "?" : "");
    pattern_print(&f->pattern, out);
}

bool step_names(const struct step *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->field[i].def && !s->field[i].path && strcmp(s->field[i].name, name) == 0) return true;
    }
    return false;
}

#include "scenarios/matrix.h"

#include <stdio.h>

enum { MAX_COLUMNS = 12, MAX_ROWS = 64, COLUMN = 10 };

struct cell {
    size_t passed, ran;
};

static void count(struct cell *c, const struct run_result *run)
{
    if (run->verdict == VERDICT_SKIP) return;
    c->ran++;
    c->passed += run->verdict <= VERDICT_WARN;
}

static void print_cell(const struct cell *c, struct buf *out)
{
    char text[48] = "-";

    if (c->ran) snprintf(text, sizeof text, "%zu/%zu", c->passed, c->ran);
    buf_format(out, " %*s", COLUMN, text);
}

/* ---- by group and role ---- */

struct axis_names {
    size_t count;
    struct buf name[MAX_ROWS];
};

struct matrix {
    struct axis_names rows, columns;
    struct cell cell[MAX_ROWS][MAX_COLUMNS];
};

/* The place of `name`, which is added; names beyond `most` share the last place. */
static size_t place(struct axis_names *n, struct span name, size_t most)
{
    for (size_t i = 0; i < n->count; i++) {
        if (span_eq(buf_span(&n->name[i]), name)) return i;
    }
    if (n->count == most) {
        buf_truncate(&n->name[most - 1], 0);
        buf_str(&n->name[most - 1], "others");
        return most - 1;
    }
    buf_add(&n->name[n->count], name);
    return n->count++;
}

static struct span group_of(const struct run_result *run)
{
    struct span id = buf_span(&run->scenario);
    const uint8_t *slash = id.n ? memchr(id.p, '/', id.n) : NULL;

    return slash ? span(id.p, (size_t)(slash - id.p)) : id;
}

/* The usual four stand first, in this order, where they occur. */
static void order_columns(const struct report *r, struct matrix *m)
{
    static const char *const usual[] = { "client", "broker", "as", "all" };
    struct buf name = { 0 };

    for (size_t k = 0; k < sizeof usual / sizeof *usual; k++) {
        for (size_t i = 0; i < r->runs; i++) {
            buf_truncate(&name, 0);
            report_under_test(&r->run[i], &name);
            if (span_is(buf_span(&name), usual[k])) place(&m->columns, buf_span(&name), MAX_COLUMNS);
        }
    }
    buf_clear(&name);
}

static void fill(const struct report *r, struct matrix *m)
{
    struct buf name = { 0 };

    order_columns(r, m);
    for (size_t i = 0; i < r->runs; i++) {
        buf_truncate(&name, 0);
        report_under_test(&r->run[i], &name);
        size_t column = place(&m->columns, buf_span(&name), MAX_COLUMNS);
        size_t row = place(&m->rows, group_of(&r->run[i]), MAX_ROWS);
        count(&m->cell[row][column], &r->run[i]);
    }
    buf_clear(&name);
}

static bool ran(const struct matrix *m, size_t row)
{
    for (size_t k = 0; k < m->columns.count; k++) {
        if (m->cell[row][k].ran) return true;
    }
    return false;
}

/* Of somebody who was asked a part, the groups that were. */
static void print_rows(struct matrix *m, struct buf *out)
{
    struct cell sum[MAX_COLUMNS] = { 0 };

    bool any = false;

    for (size_t i = 0; i < m->rows.count; i++) any |= ran(m, i);
    for (size_t i = 0; i < m->rows.count; i++) {
        if (any && !ran(m, i)) continue;
        buf_format(out, "  %-16s", buf_cstr(&m->rows.name[i]));
        for (size_t k = 0; k < m->columns.count; k++) {
            print_cell(&m->cell[i][k], out);
            sum[k].passed += m->cell[i][k].passed;
            sum[k].ran += m->cell[i][k].ran;
        }
        buf_u8(out, '\n');
    }
    if (m->rows.count < 2) return;
    buf_format(out, "  %-16s", "all of them");
    for (size_t k = 0; k < m->columns.count; k++) print_cell(&sum[k], out);
    buf_u8(out, '\n');
}

void matrix_print(const struct report *r, struct buf *out)
{
    struct matrix m = { 0 };

    fill(r, &m);
    buf_format(out, "  %-16s", "passed/ran");
    for (size_t k = 0; k < m.columns.count; k++) {
        const char *name = buf_cstr(&m.columns.name[k]);
        buf_format(out, " %*s", COLUMN, strcmp(name, "all") == 0 ? "all real" : name);
    }
    buf_u8(out, '\n');
    print_rows(&m, out);
    for (size_t i = 0; i < MAX_ROWS; i++) {
        buf_clear(&m.rows.name[i]);
        buf_clear(&m.columns.name[i]);
    }
}

/* ---- the four combinations ---- */

void matrix_print_combinations(const struct report *r, const struct suite *s, struct buf *out)
{
    struct cell cells[COMBINATION_UNSAID + 1] = { 0 };
    bool any = false;

    for (size_t i = 0; i < r->runs; i++) {
        enum combination c = combination_of(s, &r->run[i]);
        count(&cells[c], &r->run[i]);
        any |= c != COMBINATION_UNSAID && r->run[i].verdict != VERDICT_SKIP;
    }
    if (!any) return;
    buf_format(out, "  %-16s %*s %*s\n", "", COLUMN, "TLS:Anon", COLUMN, "TLS:Known");
    for (int ace = 0; ace < 2; ace++) {
        buf_format(out, "  %-16s", ace ? "MQTT:ace" : "MQTT:none");
        print_cell(&cells[ace ? COMBINATION_ANON_ACE : COMBINATION_ANON_NONE], out);
        print_cell(&cells[ace ? COMBINATION_KNOWN_ACE : COMBINATION_KNOWN_NONE], out);
        buf_u8(out, '\n');
    }
}

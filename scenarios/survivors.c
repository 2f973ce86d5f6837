#include "scenarios/survivors.h"

#include "scenarios/line.h"
#include "scenarios/suite.h"

static const char *row_fault(const struct survivors *s, struct span row, const uint8_t *tab)
{
    size_t glob = tab ? (size_t)(tab - row.p) : 0;

    if (glob == 0 || glob + 1 >= row.n || memchr(tab + 1, '\t', row.n - glob - 1))
        return "expected a glob of mutants, a tab, the reason";
    return s->count < MAX_SURVIVORS ? NULL : "too many entries";
}

enum err survivors_read(struct span tsv, struct survivors *out, struct fault *why)
{
    struct span text = tsv;

    for (unsigned line = 1; text.n; line++) {
        struct span row = span_cut(&text, '\n');
        if (row.n == 0 || row.p[0] == '#') continue;
        const uint8_t *tab = memchr(row.p, '\t', row.n);
        const char *fault = row_fault(out, row, tab);
        if (fault) {
            fault_set(why, (size_t)(row.p - tsv.p), "line %u: %s", line, fault);
            return out->count < MAX_SURVIVORS ? ERR_MALFORMED : ERR_TOO_LARGE;
        }
        struct survivor *slot = APPEND(&out->arena, out->survivor, out->count);
        if (!slot) return ERR_NO_MEMORY;
        size_t n = (size_t)(tab - row.p);
        slot->glob = arena_text(&out->arena, span(row.p, n));
        slot->reason = arena_text(&out->arena, span_skip(row, n + 1));
        slot->line = line;
    }
    return out->arena.failed ? ERR_NO_MEMORY : OK;
}

const char *survivors_excuse(struct survivors *s, const char *id)
{
    for (size_t i = 0; i < s->count; i++) {
        if (!glob_matches(s->survivor[i].glob, id)) continue;
        s->survivor[i].used++;
        return s->survivor[i].reason;
    }
    return NULL;
}

void survivors_clear(struct survivors *s)
{
    arena_clear(&s->arena);
    *s = (struct survivors){ 0 };
}

/* ---- the account ---- */

static const char *const fates[] = {
    [FATE_CAUGHT] = "caught",
    [FATE_MISBLAMED] = "blamed elsewhere",
    [FATE_SURVIVED] = "survived",
    [FATE_UNTOLD] = "untold",
};

static void print_first_broken(FILE *to, const struct run_result *r)
{
    for (size_t i = 0; i < r->check_count; i++) {
        const struct check_result *c = &r->checks[i];
        if (c->held) continue;
        fprintf(to, "      instead broke %.*s:%u  %.*s %.*s\n", (int)c->file.n, (const char *)c->file.p,
                c->line, (int)c->arrow.n, (const char *)c->arrow.p, (int)c->field.n,
                (const char *)c->field.p);
        return;
    }
}

static void print_news(const struct mutation *m, const struct mutant *mutant, const struct run_result *r)
{
    enum fate f = mutant_fate(mutant, r);

    fprintf(m->to, "%s: %s\n      %s:%u  %s\n", fates[f], mutant->id, mutant->blame.file, mutant->blame.line,
            mutant->words);
    if (r->variant.n) fprintf(m->to, "      variant %.*s\n", (int)r->variant.n, (const char *)r->variant.p);
    if (f == FATE_MISBLAMED) print_first_broken(m->to, r);
    if (f == FATE_UNTOLD) fprintf(m->to, "      %.*s\n", (int)r->why.n, (const char *)r->why.p);
}

void mutation_run(struct mutation *m, const struct mutant *mutant, const struct run_result *r)
{
    enum fate f = mutant_fate(mutant, r);

    if (f != FATE_CAUGHT && survivors_excuse(m->excused, mutant->id)) {
        m->excuses++;
        return;
    }
    m->fates[f]++;
    if (f != FATE_CAUGHT) print_news(m, mutant, r);
}

void mutation_spared(struct mutation *m, const struct mutants *of)
{
    m->spares += of->spares;
}

/* How many entries excused nobody. */
static size_t print_unused(const struct mutation *m)
{
    size_t unused = 0;

    for (size_t i = 0; i < m->excused->count; i++) {
        const struct survivor *s = &m->excused->survivor[i];
        if (s->used) continue;
        fprintf(m->to, "survivors.tsv:%u: nobody lives by this any more: %s\n", s->line, s->glob);
        unused++;
    }
    return unused;
}

enum status mutation_end(struct mutation *m, enum mutation_extent extent)
{
    size_t unused = extent == MUTATION_ALL ? print_unused(m) : 0;
    size_t played = m->excuses;

    for (size_t i = 0; i <= FATE_UNTOLD; i++) played += m->fates[i];
    if (m->spares) fprintf(m->to, "%zu fields have no mutant\n", m->spares);
    if (played == 0) fputs("no mutant was played\n", m->to);
    fprintf(m->to, "%zu mutants: %zu caught, %zu excused, %zu survived, %zu blamed elsewhere, %zu untold\n",
            played, m->fates[FATE_CAUGHT], m->excuses, m->fates[FATE_SURVIVED], m->fates[FATE_MISBLAMED],
            m->fates[FATE_UNTOLD]);
    fflush(m->to);
    if (unused || played == 0 || m->fates[FATE_UNTOLD]) return STATUS_ERROR;
    return m->fates[FATE_SURVIVED] || m->fates[FATE_MISBLAMED] ? STATUS_FAILED : STATUS_FINE;
}

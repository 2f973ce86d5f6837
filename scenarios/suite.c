#include "scenarios/suite.h"

#include "common/base/file.h"
#include "common/base/nearest.h"
#include "scenarios/derive.h"
#include "scenarios/lint.h"
#include "scenarios/parse.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

static const char *join(struct arena *a, const char *folder, const char *name)
{
    struct buf path = { 0 };

    buf_format(&path, "%s/%s", folder, name);
    const char *text = arena_text(a, buf_span(&path));
    buf_clear(&path);
    return text;
}

typedef enum err read_rules(struct span tsv, struct rules *r, struct fault *why);

static enum err load_rules(struct suite *s, const char *path, read_rules *read, struct buf *message)
{
    struct buf text = { 0 };
    struct fault why = { 0 };
    unsigned line, column;

    enum err e = file_read(path, &text, message);
    if (e == OK) {
        e = read(buf_span(&text), &s->rules, &why);
        fault_position(buf_span(&text), why.at, &line, &column);
        if (e != OK)
            buf_format(message, "%s:%u:%u: %s", path, line, column,
                       why.why[0] ? why.why : err_wire(e)->words);
    }
    if (e != OK) buf_u8(message, '\n');
    buf_clear(&text);
    return e;
}

static enum err load_flow(struct suite *s, const char *path, struct buf *message)
{
    struct buf text = { 0 };

    enum err e = file_read(path, &text, message);
    if (e != OK) buf_u8(message, '\n');
    if (e == OK) {
        e = flows_parse(&s->flows, path, buf_span(&text));
        if (e == ERR_TOO_LARGE) buf_format(message, "%s:1:1: larger than %d bytes\n", path, MAX_FLOW_FILE);
    }
    buf_clear(&text);
    return e;
}

static int is_flow_file(const struct dirent *d)
{
    size_t n = strlen(d->d_name);

    return n > 5 && d->d_name[0] != '.' && strcmp(d->d_name + n - 5, ".flow") == 0;
}

/* Reads on after a wrong file, so that one pass tells all. */
static enum err load_flows(struct suite *s, const char *folder, struct buf *message)
{
    struct dirent **entry = NULL;
    enum err worst = OK;

    int n = scandir(folder, &entry, is_flow_file, alphasort);
    if (n < 0) {
        buf_format(message, "%s: %s\n", folder, strerror(errno));
        return ERR_IO;
    }
    for (int i = 0; i < n; i++) {
        enum err e = load_flow(s, join(&s->flows.arena, folder, entry[i]->d_name), message);
        if (e != OK) worst = e;
        free(entry[i]);
    }
    free(entry);
    return worst;
}

static enum err check_flows(struct suite *s)
{
    TRY(flows_link(&s->flows));
    return flows_lint(&s->flows, &s->rules);
}

enum err suite_load(const struct suite_folders *from, struct suite *out, struct buf *message)
{
    struct arena *a = &out->flows.arena;

    TRY(load_rules(out, join(a, from->home, "requirements.tsv"), rules_read, message));
    TRY(load_rules(out, join(a, from->home, "unobservable.tsv"), rules_read_unobservable, message));
    TRY(load_rules(out, join(a, from->home, "deviations.tsv"), rules_read_deviations, message));
    enum err e = load_flows(out, from->flows, message);
    if (e == OK) e = check_flows(out);
    flows_print_errors(&out->flows, message);
    if (e == ERR_NO_MEMORY) buf_str(message, "out of memory\n");
    return e;
}

void suite_clear(struct suite *s)
{
    rules_clear(&s->rules);
    flows_clear(&s->flows);
}

/* Backtracks to the last star only: linear in the text for each star. */
bool glob_matches(const char *glob, const char *text)
{
    const char *star = NULL, *from = text;

    while (*text) {
        if (*glob == '*') {
            star = glob++;
            from = text;
        } else if (*glob == '?' || *glob == *text) {
            glob++;
            text++;
        } else if (star) {
            glob = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*glob == '*') glob++;
    return *glob == 0;
}

static bool mentions_level(const struct rules *r, const struct mentions *m, const char *level)
{
    static const char *const words[] = {
        [LEVEL_MUST] = "must", [LEVEL_SHOULD] = "should", [LEVEL_MAY] = "may"
    };

    for (size_t i = 0; i < m->count; i++) {
        const struct rule *rule = rules_find(r, m->mention[i].id);
        if (rule && strcasecmp(words[rule->level], level) == 0) return true;
    }
    return false;
}

static bool proves_level(const struct rules *r, const struct scenario *s, const char *level)
{
    for (size_t i = 0; i < s->steps; i++) {
        if (mentions_level(r, &s->step[i].proves, level)) return true;
        for (size_t k = 0; k < s->step[i].count; k++) {
            if (mentions_level(r, &s->step[i].field[k].proves, level)) return true;
        }
    }
    return false;
}

static bool has_tag(const struct scenario *s, const char *tag)
{
    for (size_t i = 0; i < s->tags.count; i++) {
        if (strcmp(s->tags.word[i].text, tag) == 0) return true;
    }
    return false;
}

const char *suite_nearest(const struct suite *s, const char *id)
{
    const char *names[MAX_SCENARIOS];

    for (size_t i = 0; i < s->flows.count; i++) names[i] = s->flows.scenario[i]->id;
    return nearest_name(span_str(id), names, s->flows.count);
}

bool suite_chooses(const struct suite *s, const struct choice *c, const struct scenario *scenario)
{
    if (c->glob && !glob_matches(c->glob, scenario->id)) return false;
    if (c->tag && !has_tag(scenario, c->tag)) return false;
    return !c->level || proves_level(&s->rules, scenario, c->level);
}

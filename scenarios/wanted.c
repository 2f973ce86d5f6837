#include "scenarios/wanted.h"

#include "common/base/nearest.h"
#include "scenarios/line.h"

struct names {
    struct arena arena;
    size_t count;
    const char **name;
};

static void add_name(struct names *n, const char *name)
{
    const char **slot = APPEND(&n->arena, n->name, n->count);

    if (slot) *slot = name;
}

static bool chooses_any(const struct suite *s, const struct choice *c)
{
    for (size_t i = 0; i < s->flows.count; i++) {
        if (suite_chooses(s, c, s->flows.scenario[i])) return true;
    }
    return false;
}

static enum err refuse(const char *what, const char *word, const char *best, struct buf *message)
{
    buf_format(message, "no scenario %s%s%s%s\n", what, word, NEAREST(best));
    return ERR_NOT_FOUND;
}

static enum err refuse_tag(const struct suite *s, const char *tag, struct buf *message)
{
    struct names n = { 0 };

    for (size_t i = 0; i < s->flows.count; i++) {
        const struct words *tags = &s->flows.scenario[i]->tags;
        for (size_t k = 0; k < tags->count; k++) add_name(&n, tags->word[k].text);
    }
    enum err e = refuse("has the tag ", tag, nearest_name(span_str(tag), n.name, n.count), message);
    arena_clear(&n.arena);
    return e;
}

/* "connect/" of "connect/wrong/data", as a glob. */
static void add_folder(struct names *n, const char *id)
{
    struct buf glob = { 0 };
    const char *slash = strchr(id, '/');

    if (!slash) return;
    buf_add(&glob, span(id, (size_t)(slash - id)));
    buf_str(&glob, "/*");
    add_name(n, arena_text(&n->arena, buf_span(&glob)));
    buf_clear(&glob);
}

/* The nearest id, or else the folder whose name is nearest. */
static enum err refuse_glob(const struct suite *s, const char *glob, struct buf *message)
{
    struct names ids = { 0 }, folders = { 0 };
    struct buf folder = { 0 };

    for (size_t i = 0; i < s->flows.count; i++) {
        add_name(&ids, s->flows.scenario[i]->id);
        add_folder(&folders, s->flows.scenario[i]->id);
    }
    buf_add(&folder, span(glob, strcspn(glob, "/")));
    buf_str(&folder, "/*");
    const char *best = nearest_name(span_str(glob), ids.name, ids.count);
    if (!best) best = nearest_name(buf_span(&folder), folders.name, folders.count);
    enum err e = refuse("", glob, best, message);
    buf_clear(&folder);
    arena_clear(&ids.arena);
    arena_clear(&folders.arena);
    return e;
}

enum err wanted_check(const struct suite *s, const struct choice *c, struct buf *message)
{
    if (chooses_any(s, c)) return OK;
    if (c->tag && !chooses_any(s, &(struct choice){ .tag = c->tag })) return refuse_tag(s, c->tag, message);
    if (c->glob && !chooses_any(s, &(struct choice){ .glob = c->glob }))
        return refuse_glob(s, c->glob, message);
    return refuse("is of this name, level and tag at once", "", NULL, message);
}

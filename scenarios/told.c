#include "scenarios/adapter.h"
#include "scenarios/ends.h"
#include "scenarios/make.h"
#include "scenarios/show.h"

struct settling {
    struct show *w;
    unsigned client;
};

static void take_codes(const struct doc *list, struct answered_codes *out)
{
    *out = (struct answered_codes){ 0 };
    for (size_t i = 0; i < doc_count(list) && i < sizeof out->code / sizeof *out->code; i++) {
        if (doc_int(doc_at(list, i), &out->code[i])) out->count = i + 1;
    }
}

/* An answer that says "unsupported" ends the run as SKIP. In all-real runs the answer is what is judged. */
static void take_answer(struct show *w, unsigned client, const struct doc *line)
{
    struct span error;
    char what[200];
    int64_t id = 0;

    if (adapter_errs(w, client, line)) return;
    if (!doc_int(doc_get(line, "id"), &id) || id != w->asked[client]) return;
    w->asked[client] = 0;
    take_codes(doc_get(line, "codes"), &w->codes[client]);
    if (!doc_text(doc_get(line, "error"), &error)) error = span(NULL, 0);
    snprintf(w->answer[client], sizeof w->answer[client], "%.*s", (int)(error.n > 180 ? 180 : error.n),
             error.n ? (const char *)error.p : "");
    if (error.n >= 11 && memcmp(error.p, "unsupported", 11) == 0) {
        snprintf(what, sizeof what, "the client: %s", w->answer[client]);
        show_skip(w, what);
    }
}

static bool is_answered(void *what)
{
    struct settling *s = what;

    for (struct doc *d; (d = product_hear(s->w->client[s->client]));) {
        take_answer(s->w, s->client, d);
        doc_free(d);
    }
    return s->w->over || s->w->asked[s->client] == 0 || product_exited(s->w->client[s->client]);
}

bool show_settled(struct show *w, unsigned client)
{
    struct settling s = { w, client };

    if (!w->client[client] || w->asked[client] == 0) return true;
    return net_wait(w->net, is_answered, &s) && w->asked[client] == 0;
}

bool show_declined(struct show *w, struct party p)
{
    struct settling s = { w, p.number };

    if (p.role != ROLE_CLIENT || !w->client[p.number]) return false;
    if (w->asked[p.number]) (void)is_answered(&s);
    return w->over;
}

static struct doc *argument(struct show *w, const struct field *f)
{
    struct value v = { 0 };

    if (make_value(&w->stage, &f->pattern, f->name ? f->name : "", &v) != OK) return NULL;
    return value_doc(&v);
}

/* The verb with its arguments, as far as they are known. */
static struct doc *word(struct show *w, const struct step *s)
{
    struct doc *d = doc_new_map(), *args = doc_new_array();

    for (size_t i = 0; i < s->count; i++) {
        struct doc *value = argument(w, &s->field[i]);
        if (!value) continue;
        if (s->field[i].name)
            doc_put(d, s->field[i].name, value);
        else
            doc_add(args, value);
    }
    doc_put(d, "args", args);
    doc_put(d, "do", doc_new_str(s->verb->word));
    return d;
}

/* What its client is told next; NULL: nothing. */
static const struct step *next_verb(const struct show *w, const struct step *s)
{
    const struct step *end = w->variant->step + w->variant->steps;

    while (++s < end) {
        if (s->kind == STEP_VERB && same_party(s->from, w->stage.step->from)) return s;
    }
    return NULL;
}

/* A program that connects and acts in one has to know at `connect` what comes. */
static struct doc *tell(struct show *w, const struct step *s)
{
    struct doc *d = word(w, s);
    const struct step *next = strcmp(s->verb->word, "connect") == 0 ? next_verb(w, s) : NULL;

    if (next) doc_put(d, "next", word(w, next));
    doc_put(d, "id", doc_new_int(++w->next_id));
    return d;
}

static void remember_scope(struct show *w, const struct step *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct value v = { 0 };
        if (!s->field[i].name || strcmp(s->field[i].name, "scope") != 0) continue;
        if (make_value(&w->stage, &s->field[i].pattern, "scope", &v) != OK) continue;
        struct doc *tree = v.tree ? scope_tree(v.tree) : NULL;
        if (tree)
            stage_deal(&w->stage)->scope = value_tree(&w->stage.vars, tree);
        else
            stage_deal(&w->stage)->scope = v;
    }
}

void show_verb(struct show *w, const struct step *s)
{
    w->stage.step = s;
    if (strcmp(s->verb->word, "get-token") == 0) remember_scope(w, s);
    if (show_puppet(w, s->from.role)) return;
    if (s->from.role != ROLE_CLIENT) {
        show_skip(w, "our servers are not told this yet");
        return;
    }
    if (!show_settled(w, s->from.number)) {
        if (!w->over && !adapter_fell(w, s->from, false))
            show_error(w, "%s:%u: the client did not answer the step before", s->at.file, s->at.line);
        return;
    }
    if (adapter_fell(w, s->from, false)) return;
    struct doc *line = tell(w, s);
    w->told[s->from.number] = s;
    w->asked[s->from.number] = w->next_id;
    w->answer[s->from.number][0] = 0;
    if (w->over || product_tell(w->client[s->from.number], line) != OK)
        show_error(w, "the client cannot be told anything: it ended");
}

struct hearing {
    struct product *p;
    int64_t id;
    bool heard;
};

static bool has_heard(void *what)
{
    struct hearing *h = what;
    int64_t id;

    for (struct doc *d; (d = product_hear(h->p));) {
        h->heard |= doc_int(doc_get(d, "id"), &id) && id == h->id;
        doc_free(d);
    }
    return h->heard || product_exited(h->p);
}

/* Takes `d`. The number of the order; 0: it cannot be told. */
static int64_t give_order(struct show *w, struct product *p, struct doc *d)
{
    doc_put(d, "id", doc_new_int(++w->next_id));
    return product_tell(p, d) == OK ? w->next_id : 0;
}

/* false: it did not answer in time. */
static bool is_obeyed(struct show *w, struct product *p, int64_t id)
{
    struct hearing h = { p, id, false };

    return id && net_wait(w->net, has_heard, &h) && h.heard;
}

/* Takes `d`. */
static bool order(struct show *w, struct product *p, struct doc *d)
{
    return is_obeyed(w, p, give_order(w, p, d));
}

static void step_clock(struct show *w, struct product *p, int64_t seconds)
{
    struct doc *d = doc_new_map();

    doc_put(d, "do", doc_new_str("clock"));
    doc_put(d, "offset", doc_new_int(seconds));
    if (!order(w, p, d)) show_error(w, "a clock could not be moved");
}

int64_t show_ask_tap(struct show *w, struct product *p)
{
    struct doc *d = doc_new_map();

    doc_put(d, "do", doc_new_str("tap"));
    return give_order(w, p, d);
}

void show_await_tap(struct show *w, struct product *p, int64_t asked)
{
    if (!is_obeyed(w, p, asked)) show_error(w, "a program does not tell what its links carry");
}

bool show_ping(struct show *w, unsigned client)
{
    struct doc *d = doc_new_map();

    doc_put(d, "do", doc_new_str("ping"));
    return order(w, w->client[client], d);
}

static bool is_gone(void *what)
{
    return ((struct strand *)what)->closed;
}

/* A clock goes another way than packets do: what was sent before must have been heard. */
static void let_go(struct show *w)
{
    for (size_t i = 0; net_at(w->net, i); i++) {
        struct strand *x = net_at(w->net, i);
        if (x->left && !show_puppet(w, x->peer.role)) net_wait(w->net, is_gone, x);
    }
}

void show_clock(struct show *w, const struct step *s)
{
    let_go(w);
    w->stage.jump[s->from.role] += s->seconds;
    if (s->from.role != ROLE_CLIENT) {
        if (w->server[s->from.role]) step_clock(w, w->server[s->from.role], s->seconds);
        return;
    }
    struct product *p = w->client[s->from.number];
    if (p && show_settled(w, s->from.number)) step_clock(w, p, s->seconds);
}

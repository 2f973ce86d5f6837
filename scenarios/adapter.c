#include "scenarios/adapter.h"

enum { MAX_SHOWN = 180 };

static bool is_foreign(const struct show *w, struct party p)
{
    return p.role == ROLE_CLIENT && w->sut[ROLE_CLIENT] && w->client[p.number];
}

static const char *verb(const struct show *w, unsigned client)
{
    return w->told[client] ? w->told[client]->verb->word : "nothing";
}

/* `said`: shown up to a limit. */
static void complain(struct show *w, unsigned client, struct span said, const char *why)
{
    show_error(w, "the client answered `%s` with: %.*s%s; see docs/drive.md", verb(w, client),
               (int)(said.n < MAX_SHOWN ? said.n : MAX_SHOWN), (const char *)said.p, why);
}

/* Empty: nothing is wrong with it. */
static void find_fault(const struct show *w, unsigned client, const struct doc *line, char why[80])
{
    struct span error = { 0 };
    int64_t id = 0;
    bool ok = true;

    why[0] = 0;
    if (!doc_int(doc_get(line, "id"), &id)) return; /* an event */
    (void)doc_bool(doc_get(line, "ok"), &ok);
    (void)doc_text(doc_get(line, "error"), &error);
    if (id != w->asked[client])
        snprintf(why, 80, " (the id asked was %lld)", (long long)w->asked[client]);
    else if (!ok && error.n == 0)
        snprintf(why, 80, " (what is not ok has an error)");
}

bool adapter_errs(struct show *w, unsigned client, const struct doc *line)
{
    struct buf text = { 0 };
    char why[80];

    if (!is_foreign(w, (struct party){ ROLE_CLIENT, client })) return false;
    find_fault(w, client, line, why);
    if (!*why) return false;
    if (doc_write_json(line, &text) == OK) complain(w, client, buf_span(&text), why);
    buf_clear(&text);
    return true;
}

static bool has_ended(void *what)
{
    return product_exited(what);
}

bool adapter_fell(struct show *w, struct party p, bool closed)
{
    struct buf stray = { 0 };

    if (!is_foreign(w, p)) return false;
    struct product *x = w->client[p.number];
    if (closed) net_wait(w->net, has_ended, x); /* a program that ends is seen to after its connections */
    if (product_exited(x)) {
        w->over = true;
        return true;
    }
    product_stray(x, &stray);
    bool babbles = !closed && w->asked[p.number] && stray.n;
    if (babbles) complain(w, p.number, buf_span(&stray), "");
    buf_clear(&stray);
    return babbles;
}

void adapter_tell(const struct show *w, struct party p, struct buf *got)
{
    if (!is_foreign(w, p) || !w->told[p.number]) return;
    if (w->asked[p.number])
        buf_format(got, "; the client has not answered `%s`", verb(w, p.number));
    else
        buf_format(got, "; the client answered `%s` with: %s", verb(w, p.number),
                   w->answer[p.number][0] ? w->answer[p.number] : "ok");
}

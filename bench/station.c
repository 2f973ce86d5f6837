#include "bench/station.h"

static int64_t loop_ms(const struct station *s)
{
    return (int64_t)uv_now(link_loop(s->link)) + 1;
}

void station_flush(struct station *s)
{
    if (!s->dialog || !s->link) return;
    struct span out = dialog_output(s->dialog);
    if (out.n && link_write(s->link, out) != OK) link_abort(s->link);
    dialog_sent(s->dialog);
}

static void drain(struct station *s)
{
    struct dialog_event e;

    while (s->dialog && dialog_event(s->dialog, &e)) {
        s->owner.event(s->owner.self, s, &e);
        dialog_event_clear(&e);
    }
    station_flush(s);
}

static void on_opened(void *self, struct link *l, const struct tls_facts *facts)
{
    struct station *s = self;

    s->how.facts = facts;
    if (dialog_connect(s->dialog, &s->how) != OK) link_abort(l);
    drain(s);
}

static void on_input(void *self, struct link *l, struct span plaintext)
{
    struct station *s = self;

    if (dialog_input(s->dialog, plaintext, loop_ms(s)) != OK) link_abort(l);
    drain(s);
}

static void on_closed(void *self, struct link *l, enum err err, const char *reason)
{
    struct station *s = self;

    (void)l, (void)err;
    s->link = NULL;
    dialog_free(s->dialog);
    s->dialog = NULL;
    s->owner.over(s->owner.self, s, s->leaving ? NULL : *reason ? reason : "the broker closed");
}

enum err station_open(struct station *s, uv_loop_t *loop, const struct link_target *to,
                      struct tls_config *tls)
{
    struct link_owner owner = { s, on_opened, on_input, NULL, on_closed };

    s->dialog = dialog_new(entropy_system());
    if (!s->dialog) return ERR_NO_MEMORY;
    enum err e = link_connect(loop, to, &(struct link_options){ .tls = tls }, &owner, &s->link);
    if (e != OK) dialog_free(s->dialog);
    if (e != OK) s->dialog = NULL;
    return e;
}

void station_close(struct station *s)
{
    if (s->leaving || !s->link) return;
    s->leaving = true;
    if (dialog_disconnect(s->dialog, 0) == OK) station_flush(s);
    link_close(s->link);
}

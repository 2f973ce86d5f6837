#include "scenarios/adapter.h"
#include "scenarios/ends.h"
#include "scenarios/fill.h"
#include "scenarios/handshake.h"
#include "scenarios/judge.h"

static bool alert_expected(const struct step *s)
{
    return step_names(s, "alert") || step_names(s, "client_alert");
}

static bool is_closed(void *what)
{
    return ((struct strand *)what)->closed;
}

void show_judge_end(struct show *w, const struct step *s, struct strand *end)
{
    struct fields seen = { .vars = &w->stage.vars };

    if (alert_expected(s) && !end->closed) net_wait(w->net, is_closed, end);
    handshake_read(&w->stage, end, &seen);
    w->stage.facts = &end->facts;
    bool held = end->opened || alert_expected(s);
    if (!held && (!end->closed || end->err == ERR_IO)) { /* refused by nobody who speaks TLS */
        judge_silence(w, s, end->reason[0] ? end->reason : "no handshake in time");
        return;
    }
    if (!judge_message(w, s, held, end->reason)) return;
    for (size_t i = 0; i < s->count && !w->over; i++) {
        const struct field *f = &s->field[i];
        bool is_alert = f->def && (strcmp(f->name, "alert") == 0 || strcmp(f->name, "client_alert") == 0);
        if (!end->opened && !is_alert) continue; /* nobody was seen */
        bool ours =
            f->def && ((f->def->notes & FIELD_PEER) != 0) != end->accepted; /* what the other end showed */
        if (ours || fields_has(&seen, f->name)) (void)judge_field(w, s, f, &seen);
    }
    trace_message(w, s, &seen, span(NULL, 0));
}

/* Nobody came. */
static void judge_absence(struct show *w, const struct step *s)
{
    struct buf got = { 0 };

    buf_str(&got, "no connection in time");
    adapter_tell(w, s->from, &got);
    if (!adapter_fell(w, s->from, false)) judge_silence(w, s, buf_cstr(&got));
    buf_clear(&got);
}

void show_handshake(struct show *w, const struct step *s)
{
    struct strand *client = NULL, *server = NULL;

    w->stage.step = s;
    if (show_puppet(w, s->from.role) && w->said) {
        struct fields in = make_fields(w, w->said);
        if (!w->over) client = open_end(w, s, &in);
        if (!client) return;
    }
    if (show_puppet(w, s->to.role)) {
        server = claim_end(w, s->to.role, s->from);
        if (!server) {
            if (!w->over) judge_absence(w, s);
            return;
        }
    }
    if (client) net_wait(w->net, strand_settled, client);
    if (server && !w->over) show_judge_end(w, s, server);
    if (client && !w->over) show_judge_end(w, s, client);
}

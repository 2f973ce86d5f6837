#include "scenarios/ends.h"
#include "scenarios/judge.h"
#include "scenarios/take.h"

static bool anything(void *what)
{
    struct strand *s = what;

    return strand_has_input(s);
}

/* A client's fence: what comes before PINGRESP came although it should not. */
static void fence_client(struct show *w, const struct step *s, struct strand *end)
{
    struct step fence = *s;
    struct fields in = { .vars = &w->stage.vars };
    struct buf got = { 0 }, ping = { 0 };

    buf_add(&ping, span("\xc0\0", 2));
    fence.message = message_find(span_str("PINGRESP"), span(NULL, 0));
    struct awaited a = { .arrival = { w, end->owner, end->peer, end },
                         .s = &fence,
                         .out = &in,
                         .got = &got,
                         .taken = TAKE_NOTHING };
    if (strand_send(end, buf_span(&ping)) == OK) net_wait(w->net, message_came, &a);
    if (a.taken == TAKE_NOTHING) buf_str(&got, end->closed ? "CLOSE" : "no PINGRESP in time");
    judge_message(w, s, a.taken == TAKEN, buf_cstr(&got));
    buf_clear(&got);
    buf_clear(&ping);
}

void show_quiet(struct show *w, const struct step *s)
{
    struct strand *end = NULL;
    bool heard = false;

    w->stage.step = s;
    if (!show_puppet(w, s->to.role)) return;
    if (s->to.role == ROLE_CLIENT) {
        end = own_end(w, s->to, (struct party){ ROLE_BROKER, 1 });
        if (end && end->opened && !end->closed && !show_puppet(w, ROLE_BROKER)) {
            fence_client(w, s, end);
            return;
        }
        judge_message(w, s, !end || !anything(end), "something");
        return;
    }
    for (unsigned n = 1; n <= WORLD_CLIENTS; n++) (void)show_settled(w, n);
    for (size_t i = 0; net_at(w->net, i); i++) {
        struct strand *x = net_at(w->net, i);
        heard |= x->owner == s->to.role && x->opened && x->in.n > 0;
    }
    judge_message(w, s, !heard, "something");
}

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

struct silence {
    const struct show *w;
    enum role role;
};

/* Has the role heard anything on any connection? */
static bool has_heard(void *what)
{
    const struct silence *q = what;

    for (size_t i = 0; net_at(q->w->net, i); i++) {
        const struct strand *x = net_at(q->w->net, i);
        if (x->owner == q->role && x->opened && x->in.n > 0) return true;
    }
    return false;
}

/* A mutant: somebody speaks all the same. */
static void break_silence(struct show *w, const struct step *s)
{
    struct silence q = { w, s->to.role };

    show_send(w, w->said);
    if (!w->over) net_wait(w->net, has_heard, &q);
}

void show_quiet(struct show *w, const struct step *s)
{
    struct strand *end = NULL;
    struct silence q = { w, s->to.role };

    w->stage.step = s;
    if (!show_puppet(w, s->to.role)) return;
    if (w->said && w->said->kind == STEP_ARROW) break_silence(w, s);
    if (w->over) return;
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
    judge_message(w, s, !has_heard(&q), "something");
}

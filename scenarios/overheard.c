#include "scenarios/overheard.h"

#include "scenarios/ends.h"
#include "scenarios/judge.h"
#include "scenarios/take.h"
#include "scenarios/testimony.h"

/* --- which connection a step is about --- */

/* The two ends of the step's connection, and which of them is its sender. */
struct leg_ends {
    struct show *w;
    struct party connects;
    enum role server;
    unsigned sender; /* 0: who connected, 1: who accepted */
    struct wire *wire;
};

static struct leg_ends ends_of(struct show *w, const struct step *s)
{
    bool out = s->from.role == ROLE_CLIENT || s->to.role == ROLE_AS;
    struct leg_ends e = { .w = w, .connects = out ? s->from : s->to, .sender = out ? 0 : 1 };

    e.server = out ? s->to.role : s->from.role;
    return e;
}

static struct wire **current(const struct leg_ends *e)
{
    unsigned n = e->connects.role == ROLE_CLIENT ? e->connects.number : 0;

    return &e->w->testimony->current[n][e->server];
}

static bool is_theirs(const struct leg_ends *e, const struct wire *x)
{
    return x->server == e->server && x->peer.number && same_party(x->peer, e->connects);
}

/* The oldest connection of the two that the figure has not come to. */
static bool has_fresh(void *what)
{
    struct leg_ends *e = what;
    struct testimony *t = e->w->testimony;

    for (size_t i = 0; i < t->count && !e->wire; i++) {
        if (is_theirs(e, t->wire[i]) && !t->wire[i]->claimed) e->wire = t->wire[i];
    }
    return e->wire != NULL;
}

/* A request may come on any connection of the two. */
static bool has_request(void *what)
{
    struct leg_ends *e = what;
    struct testimony *t = e->w->testimony;

    for (size_t i = 0; i < t->count && !e->wire; i++) {
        if (is_theirs(e, t->wire[i]) && strand_has_input(t->wire[i]->received[1])) e->wire = t->wire[i];
    }
    return e->wire != NULL;
}

static void claim(struct leg_ends *e, net_ready *found)
{
    if (!net_wait(e->w->net, found, e)) return;
    e->wire->claimed = true;
    *current(e) = e->wire;
}

static void choose(struct leg_ends *e, const struct step *s)
{
    bool connect = s->message->kind == MESSAGE_MQTT && s->message->code == MQTT_CONNECT;
    struct wire *now = *current(e);

    if (s->message->kind == MESSAGE_REQUEST) {
        claim(e, has_request);
    } else if (!now || (connect && now->asked)) {
        claim(e, has_fresh);
    } else {
        e->wire = now;
    }
    if (e->wire && connect) e->wire->asked = true;
}

/* --- what both say --- */

struct account {
    struct fields fields;
    struct buf got;
    struct span octets; /* borrowed from the strand */
    enum take taken;
    bool closed;
};

static void hear(struct show *w, const struct step *s, struct strand *from, struct account *out)
{
    struct awaited a = { .arrival = { w, ROLE_BROKER, s->from, from }, /* not AS: this strand and no other */
                         .s = s,
                         .out = &out->fields,
                         .got = &out->got,
                         .taken = TAKE_NOTHING };

    out->fields.vars = &w->stage.vars;
    w->stage.facts = &from->facts;
    net_wait(w->net, message_came, &a);
    out->taken = a.taken;
    if (a.taken != TAKE_NOTHING) out->octets = buf_span(&from->heard);
    out->closed = a.taken == TAKE_NOTHING && from->closed;
    if (out->closed) buf_format(&out->got, "CLOSE (%s)", from->reason);
    if (out->taken == TAKE_NOTHING && !out->closed) buf_str(&out->got, "nothing in time");
}

static bool is_as_drawn(const struct step *s, const struct account *x)
{
    return s->message->kind == MESSAGE_CLOSE ? x->closed : x->taken == TAKEN;
}

static struct check_result *agreement(struct show *w, const struct step *s)
{
    struct check_result *c = result_check(w->result);

    if (!c) {
        show_error(w, "out of memory");
        return NULL;
    }
    buf_str(&c->file, s->at.file);
    c->line = s->at.line;
    step_print(s, &c->arrow);
    c->held = true;
    return c;
}

static void disagree(struct check_result *c, const char *name, const struct value *sent,
                     const struct value *came)
{
    c->held = false;
    buf_str(&c->field, name);
    buf_str(&c->want, "as sent: ");
    buf_str(&c->got, "as received: ");
    field_value_print(name, sent, &c->want);
    field_value_print(name, came, &c->got);
}

/* One check a message: what one end sent is what the other received. */
static void compare(struct show *w, const struct step *s, const struct fields *sent,
                    const struct fields *came)
{
    static const struct held nothing = { .name = "" };
    struct check_result *c = agreement(w, s);
    size_t most = sent->count > came->count ? sent->count : came->count;

    for (size_t i = 0; c && i < most && c->held; i++) {
        const struct held *x = i < sent->count ? &sent->held[i] : &nothing;
        const struct held *y = i < came->count ? &came->held[i] : &nothing;
        if (strcmp(x->name, y->name) != 0 || !value_eq(&x->value, &y->value))
            disagree(c, *x->name ? x->name : y->name, &x->value, &y->value);
    }
    w->over |= !c || !c->held;
}

/* Who shows what in TLS is seen by the server alone: it speaks for both where a request is read. */
static void lend_facts(const struct wire *x)
{
    tls_facts_clear(&x->sent[0]->facts);
    if (tls_facts_copy(&x->received[1]->facts, &x->sent[0]->facts) != OK)
        x->sent[0]->facts = (struct tls_facts){ 0 };
}

static void trace_both(struct show *w, const struct step *s, const struct account *sent,
                       const struct account *came)
{
    w->witness = "sender";
    trace_message(w, s, &sent->fields, sent->octets);
    w->witness = "receiver";
    trace_message(w, s, &came->fields, came->octets);
    w->witness = NULL;
}

void overheard_arrow(struct show *w, const struct step *s)
{
    struct leg_ends e = ends_of(w, s);
    struct account sent = { 0 }, came = { 0 };

    w->stage.step = s;
    choose(&e, s);
    if (!e.wire) {
        judge_message(w, s, false, "no connection in time");
        return;
    }
    hear(w, s, e.wire->received[1 - e.sender], &came);
    if (s->message->kind == MESSAGE_REQUEST) lend_facts(e.wire);
    hear(w, s, e.wire->sent[e.sender], &sent);
    bool left = is_as_drawn(s, &sent), arrived = is_as_drawn(s, &came);
    if (!left) buf_str(&sent.got, " (says its sender)");
    if (!arrived) buf_str(&came.got, " (says its receiver)");
    trace_both(w, s, &sent, &came);
    if (judge_message(w, s, left && arrived, buf_cstr(left ? &came.got : &sent.got)) &&
        s->message->kind != MESSAGE_CLOSE) {
        compare(w, s, &sent.fields, &came.fields);
        judge_fields(w, s, &came.fields);
        show_note(w, s, &came.fields);
    }
    buf_clear(&sent.got);
    buf_clear(&came.got);
}

/* --- handshakes --- */

static bool both_settled(void *what)
{
    const struct wire *x = what;

    return strand_settled(x->received[0]) && strand_settled(x->received[1]);
}

/* What both ends of a handshake must say alike. */
static void compare_facts(struct show *w, const struct step *s, const struct wire *x)
{
    const struct strand *a = x->received[0], *b = x->received[1];
    struct check_result *c = agreement(w, s);
    struct value mine = { 0 }, theirs = { 0 };

    if (!c) return;
    mine = value_bytes(span(a->facts.exporter, EXPORTER_SIZE));
    theirs = value_bytes(span(b->facts.exporter, EXPORTER_SIZE));
    if (a->facts.has_exporter != b->facts.has_exporter || !value_eq(&mine, &theirs)) {
        disagree(c, "exporter", &mine, &theirs);
    } else if (strcmp(a->cipher, b->cipher) != 0) {
        mine = value_text(a->cipher);
        theirs = value_text(b->cipher);
        disagree(c, "cipher", &mine, &theirs);
    }
    w->over |= !c->held;
}

void overheard_handshake(struct show *w, const struct step *s)
{
    struct leg_ends e = ends_of(w, s);

    w->stage.step = s;
    claim(&e, has_fresh);
    if (!e.wire) {
        judge_message(w, s, false, "no connection in time");
        return;
    }
    net_wait(w->net, both_settled, e.wire);
    show_judge_end(w, s, e.wire->received[1]);
    if (!w->over) show_judge_end(w, s, e.wire->received[0]);
    if (!w->over && e.wire->received[0]->opened && e.wire->received[1]->opened) compare_facts(w, s, e.wire);
}

/* --- quiet --- */

static bool hears_anything(const struct show *w, struct party who)
{
    const struct testimony *t = w->testimony;

    for (size_t i = 0; i < t->count; i++) {
        const struct wire *x = t->wire[i];
        bool server = x->server == who.role, client = same_party(x->peer, who);
        if (server && strand_has_input(x->received[1])) return true;
        if (client && strand_has_input(x->received[0])) return true;
    }
    return false;
}

/* The fence is a ping: what should not have come is there before its answer. */
static void fence(struct show *w, const struct step *s)
{
    struct step ping = *s;

    if (!show_ping(w, s->to.number)) {
        judge_message(w, s, false, "no PINGRESP in time");
        return;
    }
    ping.kind = STEP_ARROW;
    ping.count = 0;
    ping.from = s->to;
    ping.to = (struct party){ ROLE_BROKER, 1 };
    ping.message = message_find(span_str("PINGREQ"), span(NULL, 0));
    overheard_arrow(w, &ping);
    ping.from = ping.to;
    ping.to = s->to;
    ping.message = message_find(span_str("PINGRESP"), span(NULL, 0));
    if (!w->over) overheard_arrow(w, &ping);
}

void overheard_quiet(struct show *w, const struct step *s)
{
    struct wire *x = s->to.role == ROLE_CLIENT ? w->testimony->current[s->to.number][ROLE_BROKER] : NULL;

    w->stage.step = s;
    for (unsigned n = 1; n <= WORLD_CLIENTS; n++) (void)show_settled(w, n);
    if (x && x->received[0]->opened && !x->received[0]->closed)
        fence(w, s);
    else
        judge_message(w, s, !hears_anything(w, s->to), "something");
}

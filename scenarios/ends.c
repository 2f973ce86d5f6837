#include "scenarios/ends.h"

#include "scenarios/handshake.h"

bool same_party(struct party a, struct party b)
{
    return a.role == b.role && a.number == b.number;
}

struct strand *show_strand(const struct show *w, enum role owner, struct party peer)
{
    struct strand *found = NULL;

    for (size_t i = 0; net_at(w->net, i); i++) {
        struct strand *s = net_at(w->net, i);
        if (s->owner == owner && s->peer.number && same_party(s->peer, peer)) found = s;
    }
    return found;
}

/* Our end towards whom nobody was waited for yet: what a server puppet takes next. */
static struct strand *unclaimed(const struct show *w, enum role owner)
{
    for (size_t i = 0; net_at(w->net, i); i++) {
        struct strand *s = net_at(w->net, i);
        if (s->owner == owner && s->accepted && s->peer.number == 0) return s;
    }
    return NULL;
}

static enum strand_speech speech_to(enum role server)
{
    return server == ROLE_AS ? SPEAK_ANSWERS : SPEAK_MQTT;
}

struct strand *own_end(const struct show *w, struct party owner, struct party peer)
{
    struct party key = owner.role == ROLE_CLIENT ? (struct party){ peer.role, owner.number } : peer;

    return show_strand(w, owner.role, key);
}

struct strand *open_end(struct show *w, const struct step *s, const struct fields *in)
{
    const struct tls_keylog log = evidence_keylog(w->evidence);
    struct tls_config *tls = NULL;
    struct strand *made = NULL;
    enum role server = s->to.role;
    struct strand_call call = {
        .owner = s->from.role,
        .peer = s->from.role == ROLE_CLIENT ? (struct party){ server, s->from.number } : s->to,
        .speech = speech_to(server),
        .host = server == ROLE_AS ? w->world.as_host : w->world.broker_host,
        .port = server == ROLE_AS ? w->world.as_port : w->world.broker_port,
    };

    enum err e = handshake_client(&w->stage, server, in, &log, &tls);
    call.tls = tls;
    if (e == OK) e = net_connect(w->net, &call, &made);
    tls_config_free(tls);
    if (e != OK) show_error(w, "%s:%u: cannot connect: %s", s->at.file, s->at.line, err_wire(e)->words);
    return e == OK ? made : NULL;
}

struct claim {
    struct show *w;
    enum role owner;
    struct party from;
    struct strand *taken;
};

static bool can_claim(void *what)
{
    struct claim *c = what;

    if (show_declined(c->w, c->from)) return true;
    if (!c->taken) c->taken = unclaimed(c->w, c->owner);
    return c->taken && strand_settled(c->taken);
}

struct strand *claim_end(struct show *w, enum role owner, struct party from)
{
    struct claim c = { w, owner, from, NULL };

    if (!net_wait(w->net, can_claim, &c) || !c.taken) return NULL;
    c.taken->peer = from;
    return c.taken;
}

#ifndef SCENARIOS_SHOW_H
#define SCENARIOS_SHOW_H

#include <stdio.h>

#include "scenarios/evidence.h"
#include "scenarios/product.h"
#include "scenarios/result.h"
#include "scenarios/stage.h"
#include "scenarios/strand.h"
#include "scenarios/sut.h"

/* One run while it is played: the stage, who plays whom, the wires, and what was found. */
struct show {
    const struct variant *variant;
    enum player players[ROLE_COUNT];
    const struct sut *sut[ROLE_COUNT]; /* where somebody else's plays */
    struct world world;
    struct stage stage;
    struct net *net;
    struct product *server[ROLE_COUNT];         /* broker and AS, where they are products */
    struct product *client[WORLD_CLIENTS + 1];  /* by client number */
    const struct step *told[WORLD_CLIENTS + 1]; /* the last verb */
    int64_t asked[WORLD_CLIENTS + 1];           /* its id while it is not answered yet; 0: none */
    char answer[WORLD_CLIENTS + 1][200];        /* the error of the last answer; empty: ok */
    struct answered_codes {
        size_t count;
        int64_t code[8];
    } codes[WORLD_CLIENTS + 1]; /* of the last answer: those of SUBACK */
    int64_t next_id;
    uint16_t last_id[WORLD_CLIENTS + 1];    /* MQTT packet identifier last seen, either way */
    size_t last_filters[WORLD_CLIENTS + 1]; /* how many filters the last SUBSCRIBE had */
    enum mqtt_version version[WORLD_CLIENTS + 1];
    bool method[WORLD_CLIENTS + 1]; /* the last CONNECT had an Authentication Method */
    struct run_result *result;
    const char *dir;
    FILE *trace;
    struct evidence *evidence; /* NULL: nothing is written */
    struct testimony
        *testimony;      /* of a run without puppets: what the programs say of their connections; else NULL */
    const char *witness; /* whose word the trace has: "sender", "receiver"; NULL: the puppet's */
    const struct step
        *said; /* what the sender of the step plays: the step itself but in mutants; NULL: nothing */
    bool over; /* nothing behind this can be judged */
};

/* Ends the run: our side failed, or a feature is missing. */
void show_error(struct show *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void show_skip(struct show *w, const char *what);

static inline bool show_puppet(const struct show *w, enum role r)
{
    return w->players[r] == PLAYER_PUPPET;
}

/* The party's end of its newest connection with `peer`; NULL: none yet. */
struct strand *show_strand(const struct show *w, enum role owner, struct party peer);

/* What both ends learn from a message. */
void show_note(struct show *w, const struct step *s, const struct fields *in);
/* What one end saw of a handshake, against the fields that this end can see. */
void show_judge_end(struct show *w, const struct step *s, struct strand *end);

/* One step of a puppet, or of two: sends, receives, judges. */
void show_arrow(struct show *w, const struct step *s);
void show_send(struct show *w, const struct step *s);
void show_handshake(struct show *w, const struct step *s);
void show_quiet(struct show *w, const struct step *s);

/* Told to a product; a puppet needs no telling but for what is to be asked for. */
void show_verb(struct show *w, const struct step *s);
void show_clock(struct show *w, const struct step *s);
/* The program is to tell what its links carry (struct testimony), from its first turn on if it is asked before it is ready. The number to wait
 * with for its answer. */
int64_t show_ask_tap(struct show *w, struct product *p);
void show_await_tap(struct show *w, struct product *p, int64_t asked);
/* The client sends PINGREQ. false: no PINGRESP came in time. */
bool show_ping(struct show *w, unsigned client);
/* Waits until the client's last verb is answered. false: it was not. */
bool show_settled(struct show *w, unsigned client);
/* Has this party, if it is a client that was told something, answered that it cannot do that? Then nothing more comes, and the run is over. */
bool show_declined(struct show *w, struct party p);

#endif

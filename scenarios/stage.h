#ifndef SCENARIOS_STAGE_H
#define SCENARIOS_STAGE_H

#include "common/ace/media.h"
#include "common/crypto/tls_facts.h"
#include "scenarios/fields.h"
#include "scenarios/world.h"

/* What is true while a step is played: the world, the names bound so far, and what the parties have agreed on. */

/* What a party and the AS last dealt with: how puppets fill in what a flow does not name. */
struct deal {
    struct value scope; /* asked for by the last get-token, or in the last request */
    struct value key;   /* PoP key: of req_cnf, or made by the AS */
    struct value token; /* last asked about at /introspect */
    bool wants_profile;
    enum media media;   /* of the last request */
    enum label_map map; /* of the endpoint it went to */
    const char *path;
};

/* Whose names an endpoint's members have; `path` as in a step, NULL: /token. */
enum label_map endpoint_labels(const char *path);

struct stage {
    const struct world *world;
    const struct variant *variant;
    struct vars vars;
    struct deal deal[WORLD_CLIENTS + 1]; /* by client number; 0: the broker's own */
    int64_t jump[ROLE_COUNT];            /* seconds that `clock` moved each role */
    const struct step *step;
    const struct tls_facts *facts; /* of the connection the step runs on; NULL: none */
    size_t memos;
    struct memo {
        const struct pattern *pattern;
        struct value value;
    } * memo; /* what was made of which pattern */
    size_t references;
    struct reference {
        struct span token;
        const struct doc *claims;
    } * reference; /* tokens that say nothing themselves, and what they stand for */
};

MUST_USE enum err stage_init(struct stage *s, const struct world *w, const struct variant *v);
void stage_clear(struct stage *s);

/* The client that the step is about: its number, 1 if it is about none. */
unsigned stage_client(const struct stage *s);
struct deal *stage_deal(struct stage *s);

/* A captured name or a world variable. false: not bound. */
bool stage_find(struct stage *s, const char *name, struct value *out);

/* A puppet AS made a token by reference. Copies `token`, takes `claims`. */
void stage_refer(struct stage *s, struct span token, struct doc *claims);

/* A token with its claims as members, and header.*; of a reference of ours what it stands for; absent members where it is not readable. */
struct value stage_token(struct stage *s, struct span octets);

/* Seconds since the epoch, of the clock that jumped furthest: what tokens made now count from. */
int64_t stage_now(const struct stage *s);

/* The axis pop. */
enum key_type stage_pop(const struct stage *s);

/* The axis token: the AS hands out references. */
bool stage_refers(const struct stage *s);

void stage_remember(struct stage *s, const struct pattern *p, struct value v);
/* What was made of this pattern, last. false: nothing. */
bool stage_recall(const struct stage *s, const struct pattern *p, struct value *out);

#endif

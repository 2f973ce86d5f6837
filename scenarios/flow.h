#ifndef SCENARIOS_FLOW_H
#define SCENARIOS_FLOW_H

#include "scenarios/pattern.h"

/*
 * A scenario, as written in a .flow file (docs/flow-language.md): plain data in one arena. Reading goes in four steps:
 * flows_parse() (parse.h) each file, flows_link() (derive.h) works out like/but/then, flows_lint() (lint.h) judges, and
 * flow_expand() (vary.h) gives the concrete steps of one variant, which is what is played.
 */
struct party {
    enum role role;
    unsigned number; /* 1, or 2..4 of `client2` .. `client4` */
};

/* A rule named in brackets. */
struct mention {
    const char *id;
    struct place at;
};

struct mentions {
    size_t count;
    struct mention *mention;
};

/* when axis=value|value, when axis!=value. Several: all must hold. */
struct condition {
    struct place at;
    const char *axis;
    bool negated;
    size_t count;
    const char **value;
};

struct conditions {
    size_t count;
    struct condition *condition;
};

/* A field of a message, or an argument of a verb (there `name` may be NULL: positional). */
struct field {
    struct place at;
    const char *name;            /* up to the first dot: a field of the message, or a captured variable */
    const char *path;            /* members after the first dot, or NULL */
    const struct field_def *def; /* NULL: `name` is a captured variable, or this is a verb's argument */
    bool optional;               /* ?= */
    struct pattern pattern;
    struct mentions proves; /* rules of the line it stands on: broken if this field fails */
    struct conditions when; /* of a continuation line; empty once expanded */
};

enum step_kind {
    STEP_ARROW, /* from -> to: message       */
    STEP_TLS,   /* from ~> to: a handshake   */
    STEP_VERB,  /* from : verb, arguments    */
    STEP_CLOCK, /* clock from +seconds       */
    STEP_QUIET, /* quiet to: nothing arrives there until the fence */
};

struct step {
    enum step_kind kind;
    struct place at;
    const char *label;             /* or NULL */
    struct party from, to;         /* VERB, CLOCK: from; QUIET: to */
    const struct message *message; /* ARROW, TLS */
    const char *path;              /* requests: "/token" as written, else NULL */
    const struct verb *verb;       /* VERB */
    int64_t seconds;               /* CLOCK: signed */
    size_t count;
    struct field *field;
    struct mentions proves; /* rules of its first line: broken if the message does not come, or is another */
    struct conditions when; /* of the first line: the whole step; empty once expanded */
};

struct axis {
    struct place at;
    const char *name;
    size_t count;
    const char **value;
};

struct word {
    const char *text;
    struct place at;
};

struct words {
    size_t count;
    struct word *word;
};

/* but LABEL field...: fields replaced or added in that step. */
struct edit {
    struct place at;
    const char *label;
    size_t count;
    struct field *field;
    struct mentions proves; /* of its first line; added to the step's */
    struct conditions when;
};

/* with ROLE key=value: one key of the configuration of that role's program. */
struct setting {
    struct place at;
    enum role role;
    const char *key;        /* "hide_topics", "token.leeway" */
    const char *value;      /* JSON text; NULL where `axis` says it */
    const char *axis;       /* $axis; NULL once expanded */
    struct conditions when; /* empty once expanded */
};

enum link_state { LINK_NOT, LINK_NOW, LINK_DONE };

struct scenario {
    const char *id, *title;
    struct place at;
    struct words needs, tags, tests; /* features, tags; tests: roles, see `tested` */
    size_t axes;
    struct axis *axis;
    size_t settings;
    struct setting *setting; /* those of `like` first, once linked: the last of the same key counts */
    struct word like;        /* text NULL: none */
    size_t edits;
    struct edit *edit;
    struct word then; /* label; text NULL: none, then own steps are added at the end */
    size_t own;
    struct step *own_step; /* as written here */

    /* after flows_link(): */
    size_t steps;
    struct step *step; /* own steps, or those of `like` with the differences applied */
    enum link_state linked;
    unsigned wrong;  /* bits 1 << role: breaks the protocol on purpose here, so is always a puppet */
    unsigned tested; /* bits 1 << role: sends at least one arrow with a rule, and is not `wrong` */
};

struct flow_error {
    struct place at;
    char why[200];
};

enum {
    MAX_FLOW_FILE = 1 << 20,
    MAX_SCENARIOS = 1000,
    MAX_STEPS = 500,
    MAX_FIELDS = 100,
    MAX_AXES = 16,
    MAX_AXIS_VALUES = 32,
    MAX_FLOW_ERRORS = 100,
    MAX_PARTY = 4
};

struct flows {
    struct arena arena;
    size_t count;
    struct scenario **scenario; /* in the order read */
    size_t errors;              /* never more than MAX_FLOW_ERRORS; the rest is not kept */
    struct flow_error *error;
};

/* NULL: unknown. */
const struct scenario *flows_find(const struct flows *f, const char *id);

/* Notes an error at a place, printf style; for the modules that check. */
void flows_blame(struct flows *f, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "file:line:column: why" lines, sorted by place. */
void flows_print_errors(struct flows *f, struct buf *out);

void flows_clear(struct flows *f);

/* Does the step say anything of this field itself (not of a member of it)? */
bool step_names(const struct step *s, const char *name);

/* "client", "client2"; "client -> broker CONNECT" ("as : restart", "quiet client"): for messages and figures. */
void party_print(struct party p, struct buf *out);
void step_print(const struct step *s, struct buf *out);
void field_print(const struct field *f, struct buf *out); /* "data?=len16($token)" */

#endif

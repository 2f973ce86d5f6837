#ifndef SCENARIOS_VOCAB_H
#define SCENARIOS_VOCAB_H

#include "common/base/span.h"

/* The words of the flow language, as tables: roles, messages with their fields and senders, verbs, functions, axes,
 * world variables, features. All static. docs/flow-language.md is written from them. */

enum role { ROLE_CLIENT, ROLE_BROKER, ROLE_AS, ROLE_COUNT };
enum { ALL_ROLES = (1 << ROLE_COUNT) - 1 }; /* bits 1 << role */

const char *role_name(enum role r); /* "client", "broker", "as" */

/* What the value of a field is, and so how a pattern is compared with it and written into it. */
enum field_type {
    FIELD_INT,    /* unsigned number, any width                                                      */
    FIELD_REASON, /* MQTT reason code, one byte                                                      */
    FIELD_FLAG,   /* 0 or 1                                                                          */
    FIELD_TEXT,   /* characters (UTF-8 string, header value)                                         */
    FIELD_BYTES,  /* octets; a literal stands for its characters                                     */
    FIELD_PAIR,   /* User Property: name:pattern; may stand several times                            */
    FIELD_LIST,   /* [a,b,...], one pattern per entry in order                                       */
    FIELD_WORD,   /* one of a closed set of words, see field_def.words                               */
    FIELD_JSON,   /* body member or claim of any kind: number, true, false, text, list; has members  */
    FIELD_SCOPE,  /* AIF-MQTT: ["filter",["pub","sub"],...] or [["filter",["pub"]],...]; has members */
    FIELD_KEY,    /* cnf, req_cnf, rs_cnf: key(...) or a captured key; has members                   */
    FIELD_TOKEN,  /* the octets of an access token; has members: the claims, header.* the JOSE header */
    FIELD_RAW,    /* raw=: replaces the whole message or body; append=: bytes added behind it        */
};

enum field_note {
    FIELD_ALWAYS = 1,  /* every such message has it, so that `any` says nothing   */
    FIELD_REPEATS = 2, /* may stand several times in one message                  */
    FIELD_BODY = 4,    /* HTTP: a member of the body, not of the head             */
    FIELD_PROP = 8,    /* MQTT 5 property: absent in 3.1.1                        */
    FIELD_PEER = 16,   /* TLS: said by the receiver of the handshake, the server   */
};

struct field_def {
    const char *name;
    enum field_type type;
    unsigned notes;    /* enum field_note */
    unsigned number;   /* FIELD_PROP: property identifier */
    const char *words; /* FIELD_WORD: "a|b|c" */
    const char *doc;
};

enum message_kind { MESSAGE_REQUEST, MESSAGE_RESPONSE, MESSAGE_TLS, MESSAGE_MQTT, MESSAGE_CLOSE };

enum { MAX_FIELD_TABLES = 3 };

struct message {
    enum message_kind kind;
    const char *word;                                 /* "POST", "200", "CONNECT", "TLS", "CLOSE" */
    const char *path;                                 /* requests: "/token"; NULL: any other path */
    unsigned code;                                    /* MQTT packet type, or HTTP status */
    unsigned arrows;                                  /* who may send it to whom: bits of ARROW() */
    const struct field_def *fields[MAX_FIELD_TABLES]; /* tables ending in a NULL name */
};

#define ARROW(from, to) (1U << ((from)*ROLE_COUNT + (to)))

/* `path` is NULL but for requests, where an unknown path finds the general entry. NULL: unknown word. */
const struct message *message_find(struct span word, struct span path);
const struct message *message_at(size_t i); /* NULL behind the last */
/* NULL: this message has no such field. */
const struct field_def *message_field(const struct message *m, struct span name);

enum { VERB_MANY = 64 };

struct verb {
    const char *word;
    unsigned roles;       /* who can be told so: bits 1 << role */
    unsigned least, most; /* positional arguments */
    const char *options;  /* named arguments: "qos|retain|..." */
    const char *doc;
};

const struct verb *verb_find(struct span word);
const struct verb *verb_at(size_t i); /* NULL behind the last; so are all x_at() */

enum function {
    FN_ANY,
    FN_BYTES,
    FN_TEXT,
    FN_INT,
    FN_AHEAD,
    FN_URI,
    FN_JSON,
    FN_KEY,
    FN_TOKEN,
    FN_POP,
    FN_LEN16,
    FN_FLIP,
    FN_CUT,
    FN_HEX,
    FN_B64,
    FN_REPEAT,
    FN_DER,
    FN_NOT,
    FN_STARTS,
    FN_RPK,
    FN_PSK,
    FN_CERT,
    FN_BASIC,
    FN_IDENTITY,
    FN_DERIVED,
    FN_X5T,
    FN_B64KEY,
    FN_LISTED,
    FN_COUNT
};

struct function_def {
    const char *word;
    unsigned least,
        most; /* positional arguments; least 0: the bare word is the call, else the bare word is a literal */
    const char *options; /* named arguments, or NULL */
    unsigned notes;      /* enum function_note */
    const char *doc;
};

enum function_note {
    FN_MAKES = 1,  /* gives a value when the sender is ours                                       */
    FN_TESTS = 2,  /* judges a value received                                                     */
    FN_SPOILS = 4, /* makes a wrong value on purpose: its sender can only be played by a puppet   */
};

const struct function_def *function_def(enum function f);
/* FN_COUNT: unknown. */
enum function function_find(struct span word);

/* World axes: their values shape the world and the puppets of a run even when no line names them. Every one is always
 * bound as $name; the first value is the default. Other axes are free names which some line must use. */
struct axis_def {
    const char *name;
    const char *values; /* "hs256|ed25519|es256" */
    const char *doc;
};

const struct axis_def *axis_find(struct span name);
const struct axis_def *axis_at(size_t i); /* NULL behind the last */

/* $names that are there from the start of every run. NULL: unknown. */
struct world_variable {
    const char *name;
    enum field_type type;
    const char *doc;
};

const struct world_variable *world_variable(struct span name);
const struct world_variable *world_variable_at(size_t i);

struct feature_def {
    const char *name, *doc;
};

const struct feature_def *feature_find(struct span name);
const struct feature_def *feature_at(size_t i);

/* The words of "a|b|c" one by one: *words moves on; false at the end. */
bool words_next(const char **words, struct span *out);
/* Is `word` one of them? */
bool words_have(const char *words, struct span word);

/* The nearest valid word for a message about `word`, or NULL: of which table. */
enum vocabulary {
    WORDS_ROLES,
    WORDS_MESSAGES,
    WORDS_VERBS,
    WORDS_FUNCTIONS,
    WORDS_AXES,
    WORDS_VARIABLES,
    WORDS_FEATURES
};
const char *vocab_nearest(enum vocabulary v, struct span word);
const char *vocab_nearest_field(const struct message *m, struct span name);

enum { MAX_WORD = 32 };

/* The word of "a|b|c" nearest to `word`, written to `out`; NULL if none is near. */
const char *vocab_nearest_word(const char *words, struct span word, char out[MAX_WORD]);

#endif

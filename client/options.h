#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include "client/config.h"

enum client_word { WORD_TOKEN, WORD_PUB, WORD_SUB, WORD_DISCOVER, WORD_REVOKE, WORD_DRIVE };
enum { MAX_TOPICS = 64 };

/* Exit statuses of ace-client, documented in its --help. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3, EXIT_NETWORK = 4, EXIT_TIMEOUT = 5 };

/* The command line of ace-client; the same letters as mosquitto_pub and mosquitto_sub where they mean the same. */
struct client_options {
    enum client_word word;
    struct client_config config;
    size_t topic_count;
    const char *topics[MAX_TOPICS];
    /* payload of pub: exactly one of them */
    enum { PAYLOAD_NONE, PAYLOAD_TEXT, PAYLOAD_FILE, PAYLOAD_LINES, PAYLOAD_EMPTY } payload;
    const char *message; /* text or file name */
    int qos;
    bool retain, keep_session, verbose, quiet, no_newline, secrets;
    bool no_stale, only_subscribe; /* sub: skip retained messages; leave once SUBACK came */
    long count;                    /* sub: stop after so many messages; 0: never */
    long wait;                     /* seconds for the whole; 0: no limit of ours */
    const char *will_topic, *will_payload, *out_file;
    int will_qos;
    bool will_retain;
    long session_expiry; /* seconds; -1: not sent */
};

/* What the caller does next: run the word, or leave at once with a status. */
enum options_next { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/* Prints help and messages itself. `o` is to be cleared in any case. */
enum options_next options_parse(int argc, char **argv, struct client_options *o);
void options_clear(struct client_options *o);

#endif

#ifndef SCENARIOS_SUT_H
#define SCENARIOS_SUT_H

#include "common/codec/config.h"
#include "scenarios/vary.h"

/*
 * A system under test that is not one of our programs: what a SUT file says of it (docs/adapters.md), or a bare address.
 * One that is started reads this run's keys, policies and ports from files in `{dir}`. One at an address knows nothing of
 * them: it is a stranger (stranger.h).
 */
enum { SUT_MAX_START = 16 };

struct sut {
    enum role role;
    struct arena arena;
    const char *path; /* of the SUT file, or the address as given: how a command names it */
    const char *name; /* for people */
    size_t starts;    /* words of the command that starts it; 0: it is at `host` */
    const char *start[SUT_MAX_START];
    const char *host;
    uint16_t port;
    const char *token_path; /* of an AS: where its token endpoint is */
    struct span trust;      /* PEM of what vouches for its certificate; at an address only */
    uint64_t features;      /* bits of sut_feature() */
    const char *probed;     /* what was seen when it was asked (probe.h); NULL: it was not */
    bool settings;          /* `with` of its role may be merged into its configuration */
    const char *known;      /* path of the list of failures that are expected; NULL: none */
};

/* Errors: ERR_MALFORMED, ERR_IO, ERR_NO_MEMORY, with "file:line:column: why" in `message`; then `out` is empty. */
MUST_USE enum err sut_read(const char *path, struct sut *out, struct buf *message);

/* "host:port", "[::1]:port" or "port", of an AS with a path behind it, and https:// before it; `trust`: a PEM file. Errors as above. */
struct sut_address {
    enum role role;
    const char *address, *trust;
};
MUST_USE enum err sut_at(const struct sut_address *at, struct sut *out, struct buf *message);
void sut_clear(struct sut *s);

/* A name of a system under test as that of a folder, appended: what is more than letters, digits and . _ + becomes a hyphen. */
void sut_folder(const char *name, struct buf *out);

/* The bit of a feature of the vocabulary; 0: no such feature. */
uint64_t sut_feature(const char *name);

/* Writes the i-th word of its command: {config} is the file it reads, {dir} the run's folder, {bin} that of our programs, {here} the SUT
 * file's. */
struct sut_places {
    const char *config, *dir, *bin;
};
void sut_word(const struct sut *s, size_t i, const struct sut_places *places, struct buf *out);

#endif

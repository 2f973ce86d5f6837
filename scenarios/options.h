#ifndef SCENARIOS_OPTIONS_H
#define SCENARIOS_OPTIONS_H

#include "common/base/buf.h"
#include "common/base/err.h"

enum { MAX_ARGUMENTS = 16 };

/* The command line: one word, its arguments, and options `--name VALUE` or `--name=VALUE`. Borrows from argv. */
struct options {
    bool help, version;
    const char *word; /* NULL: none */
    size_t arguments;
    const char *argument[MAX_ARGUMENTS];
    const char *home, *flows, *out; /* folders; NULL: found from the executable */
    const char *level, *tag;
    const char *jobs, *patience; /* numbers */
    const char *variant, *under;
    const char *client, *broker, *as,
        *trust; /* who is under test instead of ours: a SUT file or host:port; PEM file */
    bool all_real, brief, evidence, only_failed, tap;
    const char *repeat, *seed; /* numbers */
};

/* Errors: ERR_MALFORMED with one line in `message`, which names the nearest option. */
MUST_USE enum err options_read(int argc, char **argv, struct options *out, struct buf *message);

/* The options, one line each. */
void options_help(struct buf *out);

/* Those given that a run was played with (programs, folders, patience ...), for a shell: " --broker suts/x.json --patience 2". */
void options_repeat(const struct options *o, struct buf *out);

/* For completion. Does `name` want a value, and which ones are there ("must should may"; "": any)? */
bool options_values(const char *name, const char **values);
/* The names that begin so, one a line. */
void options_each(const char *beginning, struct buf *out);

/* The folder `scenarios` of the tree that holds the executable: the nearest one above it with a requirements.tsv.
 * Errors: ERR_NOT_FOUND. */
MUST_USE enum err options_home(struct buf *out);

/* The folder of this executable, where our programs are; the folder build/scenarios beside the folder `scenarios`. */
MUST_USE enum err options_bin(struct buf *out);
MUST_USE enum err options_out(const struct options *o, struct buf *out);

/* A path as somebody in this folder would write it: the rest of it, where it leads into this folder. */
const char *options_from_here(const char *path);

#endif

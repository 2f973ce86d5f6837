#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/fault.h"

/*
 * One SQLite file: WAL, synchronous=FULL, foreign keys, readable by its owner only. A commit that returned OK is on disk.
 * Owners speak to it in rows through a few literals of SQL in one file each (as/ledger.c).
 */
struct store;

/*
 * Opens or creates `path` (":memory:" for an explicit choice of losing everything) and brings it from its user_version to
 * `count`, one migration (SQL script) a version, in one transaction. Errors: ERR_IO (cannot be opened, is locked, damaged,
 * or of a newer version than we know: never recreated), ERR_NO_MEMORY.
 */
MUST_USE enum err store_open(const char *path, const char *const *migrations, size_t count,
                             struct store **out, struct fault *why);
void store_close(struct store *s);

/* A parameter or a column. Text and bytes borrow: from the caller, or (columns) until the next row. */
struct store_value {
    enum { STORE_NULL, STORE_INT, STORE_TEXT, STORE_BYTES } kind;
    int64_t number;
    struct span bytes;
};

#define STORE_INT(v)                     \
    {                                    \
        .kind = STORE_INT, .number = (v) \
    }
#define STORE_TEXT(v)                    \
    {                                    \
        .kind = STORE_TEXT, .bytes = (v) \
    }
#define STORE_BYTES(v)                    \
    {                                     \
        .kind = STORE_BYTES, .bytes = (v) \
    }

enum { STORE_MAX_COLUMNS = 16 };

/* `sql` is a literal with ?1, ?2 ...; statements are compiled once per literal. */
struct store_query {
    const char *sql;
    const struct store_value *args;
    size_t count;
};

/* A statement without rows. Errors: ERR_IO. */
MUST_USE enum err store_run(struct store *s, const struct store_query *q);

/* Rows, one at a time: store_select(), then store_row() until it returns false, or store_done() to leave early. One query of
 * a literal is open at a time. */
struct store_rows {
    struct store *store;
    void *statement;
    enum err error; /* OK, or ERR_IO after store_row() returned false */
    struct store_value column[STORE_MAX_COLUMNS];
};
struct store_rows store_select(struct store *s, const struct store_query *q);
bool store_row(struct store_rows *r);
void store_done(struct store_rows *r);

/* BEGIN IMMEDIATE / COMMIT / ROLLBACK. A failed commit has rolled back. */
MUST_USE enum err store_begin(struct store *s);
MUST_USE enum err store_commit(struct store *s);
void store_rollback(struct store *s);

/* False: the file was removed or replaced while we had it open, and what is written now is lost. */
bool store_in_place(const struct store *s);

/* SQLite's words for the last error. */
const char *store_error(const struct store *s);

#endif

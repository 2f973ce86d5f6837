#include "common/store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MAX_STATEMENTS = 64, BUSY_MS = 2000, WAL_RETRY_MS = 10 };

struct statement {
    const char *sql;
    sqlite3_stmt *compiled;
};

struct store {
    sqlite3 *db;
    size_t count;
    struct statement statements[MAX_STATEMENTS];
};

static enum err run_script(struct store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : ERR_IO;
}

static sqlite3_stmt *compile(struct store *s, const char *sql)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->statements[i].sql == sql) return s->statements[i].compiled;
    }
    if (s->count == MAX_STATEMENTS) return NULL;
    struct statement *new = &s->statements[s->count];
    if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &new->compiled, NULL) != SQLITE_OK)
        return NULL;
    new->sql = sql;
    s->count++;
    return new->compiled;
}

static int bind_one(sqlite3_stmt *st, int at, const struct store_value *v)
{
    const void *p = v->bytes.n ? v->bytes.p : (const void *)"";

    switch (v->kind) {
    case STORE_NULL:
        return sqlite3_bind_null(st, at);
    case STORE_INT:
        return sqlite3_bind_int64(st, at, v->number);
    case STORE_TEXT:
        return sqlite3_bind_text64(st, at, p, v->bytes.n, SQLITE_TRANSIENT, SQLITE_UTF8);
    case STORE_BYTES:
        return sqlite3_bind_blob64(st, at, p, v->bytes.n, SQLITE_TRANSIENT);
    }
    return SQLITE_MISUSE;
}

struct store_rows store_select(struct store *s, const struct store_query *q)
{
    struct store_rows r = { .store = s, .error = OK };
    sqlite3_stmt *st = compile(s, q->sql);

    if (!st) {
        r.error = ERR_IO;
        return r;
    }
    sqlite3_reset(st);
    for (size_t i = 0; i < q->count; i++) {
        if (bind_one(st, (int)i + 1, &q->args[i]) != SQLITE_OK) r.error = ERR_IO;
    }
    r.statement = st;
    return r;
}

static struct store_value column(sqlite3_stmt *st, int i)
{
    const void *p;

    switch (sqlite3_column_type(st, i)) {
    case SQLITE_INTEGER:
        return (struct store_value)STORE_INT(sqlite3_column_int64(st, i));
    case SQLITE_TEXT:
        p = sqlite3_column_text(st, i);
        return (struct store_value)STORE_TEXT(span(p, (size_t)sqlite3_column_bytes(st, i)));
    case SQLITE_BLOB:
        p = sqlite3_column_blob(st, i);
        return (struct store_value)STORE_BYTES(span(p, (size_t)sqlite3_column_bytes(st, i)));
    default:
        return (struct store_value){ .kind = STORE_NULL };
    }
}

void store_done(struct store_rows *r)
{
    sqlite3_stmt *st = r->statement;

    if (!st) return;
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    r->statement = NULL;
}

bool store_row(struct store_rows *r)
{
    sqlite3_stmt *st = r->statement;

    if (!st) return false;
    int rc = r->error == OK ? sqlite3_step(st) : SQLITE_ERROR;
    if (rc != SQLITE_ROW) {
        if (rc != SQLITE_DONE) r->error = ERR_IO;
        store_done(r);
        return false;
    }
    int columns = sqlite3_column_count(st);
    for (int i = 0; i < columns && i < STORE_MAX_COLUMNS; i++) r->column[i] = column(st, i);
    return true;
}

enum err store_run(struct store *s, const struct store_query *q)
{
    struct store_rows r = store_select(s, q);

    while (store_row(&r)) {
    }
    return r.error;
}

enum err store_begin(struct store *s)
{
    return run_script(s, "BEGIN IMMEDIATE");
}

enum err store_commit(struct store *s)
{
    enum err e = run_script(s, "COMMIT");

    if (e != OK) store_rollback(s);
    return e;
}

void store_rollback(struct store *s)
{
    if (!sqlite3_get_autocommit(s->db)) sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

bool store_in_place(const struct store *s)
{
    int moved = 0;

    return sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || !moved;
}

const char *store_error(const struct store *s)
{
    return sqlite3_errmsg(s->db);
}

static enum err version_read(struct store *s, int64_t *version)
{
    struct store_rows r = store_select(s, &(struct store_query){ .sql = "PRAGMA user_version" });

    *version = store_row(&r) ? r.column[0].number : 0;
    store_done(&r);
    return r.error;
}

static enum err migrate_one(struct store *s, const char *script, size_t to)
{
    char pragma[64];

    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %zu", to);
    TRY(run_script(s, script));
    return run_script(s, pragma);
}

static enum err migrate(struct store *s, const char *const *scripts, size_t count, struct fault *why)
{
    int64_t version;

    TRY(version_read(s, &version));
    if (version < 0 || (size_t)version > count) {
        fault_set(why, 0, "written by a newer version (schema %lld, this program knows %zu)",
                  (long long)version, count);
        return ERR_IO;
    }
    for (size_t v = (size_t)version; v < count; v++) {
        enum err e = migrate_one(s, scripts[v], v + 1);
        if (e == OK) continue;
        fault_set(why, 0, "migration to schema %zu failed: %s", v + 1, store_error(s));
        return e;
    }
    return OK;
}

/* The version is read inside, lest two programs that start at once both migrate. */
static enum err migrate_locked(struct store *s, const char *const *scripts, size_t count, struct fault *why)
{
    TRY(store_begin(s));
    enum err e = migrate(s, scripts, count, why);
    if (e == OK) return store_commit(s);
    store_rollback(s);
    return e;
}

/* What a damaged disk or an interrupted copy leaves behind must not be found by a request. */
static enum err check_pages(struct store *s, struct fault *why)
{
    struct store_rows r = store_select(s, &(struct store_query){ .sql = "PRAGMA quick_check(1)" });
    bool answered = store_row(&r), sound = answered && span_is(r.column[0].bytes, "ok");

    if (answered && !sound)
        fault_set(why, 0, "damaged: restore it from a backup, or remove it to begin anew");
    store_done(&r);
    return sound ? OK : ERR_IO;
}

/* Who loses the race for this switch is told at once that it is busy, whatever the timeout. */
static enum err use_wal(struct store *s)
{
    int rc = SQLITE_BUSY;

    for (int waited = 0; rc == SQLITE_BUSY && waited <= BUSY_MS; waited += WAL_RETRY_MS) {
        if (waited) sqlite3_sleep(WAL_RETRY_MS);
        rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    }
    return rc == SQLITE_OK ? OK : ERR_IO;
}

/* The first statements that touch the file: a damaged one or a foreign file is told here. */
static enum err settle(struct store *s, const char *const *scripts, size_t count, struct fault *why)
{
    struct fault told = { 0 };

    sqlite3_busy_timeout(s->db, BUSY_MS);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    enum err e = use_wal(s);
    if (e == OK) e = run_script(s, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
    if (e == OK) e = check_pages(s, &told);
    if (e == OK) e = migrate_locked(s, scripts, count, &told);
    if (e != OK) fault_set(why, 0, "%s", told.why[0] ? told.why : store_error(s));
    return e;
}

enum err store_open(const char *path, const char *const *migrations, size_t count, struct store **out,
                    struct fault *why)
{
    struct store *s = calloc(1, sizeof *s);

    if (!s) return ERR_NO_MEMORY;
    mode_t mask = umask(0077);
    int rc =
        sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    enum err e = rc == SQLITE_OK ? settle(s, migrations, count, why) : ERR_IO;
    umask(mask);
    if (rc != SQLITE_OK) fault_set(why, 0, "%s", s->db ? sqlite3_errmsg(s->db) : "out of memory");
    if (e != OK) {
        store_close(s);
        return e;
    }
    *out = s;
    return OK;
}

void store_close(struct store *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->count; i++) sqlite3_finalize(s->statements[i].compiled);
    sqlite3_close(s->db);
    free(s);
}

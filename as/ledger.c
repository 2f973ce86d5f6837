#include "as/ledger.h"
#include "common/store/store.h"

#include <stdlib.h>

enum { KEEP_SECONDS = 86400, REMEMBERED = 64 };

/* clang-format off */
static const char *const migrations[] = {
    "CREATE TABLE token ("
    "  id       INTEGER PRIMARY KEY,"
    "  hash     BLOB    NOT NULL UNIQUE,"
    "  jti      TEXT    NOT NULL UNIQUE,"
    "  client   TEXT    NOT NULL,"
    "  audience TEXT    NOT NULL,"
    "  kid      BLOB,"
    "  pop_key  BLOB,"
    "  issued   INTEGER NOT NULL,"
    "  expires  INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX token_kid ON token (audience, kid);"
    "CREATE INDEX token_expires ON token (expires);",
    "ALTER TABLE token ADD COLUMN revoked INTEGER;",
    "ALTER TABLE token ADD COLUMN claims BLOB;",
    "CREATE TABLE sequence ("
    "  audience TEXT    PRIMARY KEY,"
    "  last     INTEGER NOT NULL"
    ") STRICT;",
    "ALTER TABLE token ADD COLUMN trl_hash BLOB;"
    "ALTER TABLE token ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX token_listed ON token (expires) WHERE listed <> 0;"
    "CREATE TABLE trl_update ("
    "  role   INTEGER NOT NULL,"
    "  name   TEXT    NOT NULL,"
    "  number INTEGER NOT NULL,"
    "  added  INTEGER NOT NULL,"
    "  hash   BLOB    NOT NULL,"
    "  PRIMARY KEY (role, name, number, added, hash)"
    ") STRICT, WITHOUT ROWID;",
};
/* clang-format on */

struct ledger {
    struct store *store;
    int64_t remembered;
    uint64_t news;
};

enum err ledger_open(const char *path, struct ledger **out, struct fault *why)
{
    struct ledger *l = calloc(1, sizeof *l);

    if (!l) return ERR_NO_MEMORY;
    enum err e = store_open(path, migrations, sizeof migrations / sizeof *migrations, &l->store, why);
    if (e != OK) {
        free(l);
        return e;
    }
    l->remembered = REMEMBERED;
    *out = l;
    return OK;
}

void ledger_close(struct ledger *l)
{
    if (!l) return;
    store_close(l->store);
    free(l);
}

static struct store_value bytes_or_null(struct span s)
{
    if (s.n == 0) return (struct store_value){ .kind = STORE_NULL };
    return (struct store_value)STORE_BYTES(s);
}

enum err ledger_add(struct ledger *l, const struct ledger_entry *e)
{
    struct store_value args[] = {
        STORE_BYTES(span(e->token_hash, SHA256_SIZE)),
        STORE_TEXT(e->jti),
        STORE_TEXT(e->client),
        STORE_TEXT(e->audience),
        bytes_or_null(e->kid),
        bytes_or_null(e->pop_key),
        STORE_INT(e->issued),
        STORE_INT(e->expires),
        bytes_or_null(e->claims),
        STORE_BYTES(span(e->trl_hash, TRL_HASH_SIZE)),
    };
    static const char sql[] =
        "INSERT INTO token (hash, jti, client, audience, kid, pop_key, issued, expires, claims, trl_hash)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

    if (!store_in_place(l->store)) return ERR_UNAVAILABLE;
    return store_run(l->store, &(struct store_query){ sql, args, 10 }) == OK ? OK : ERR_UNAVAILABLE;
}

enum err ledger_next(struct ledger *l, struct span audience, uint64_t *number)
{
    struct store_value args[] = { STORE_TEXT(audience) };
    static const char sql[] = "INSERT INTO sequence (audience, last) VALUES (?1, 1)"
                              " ON CONFLICT (audience) DO UPDATE SET last = last + 1 RETURNING last";

    if (!store_in_place(l->store)) return ERR_UNAVAILABLE;
    struct store_rows r = store_select(l->store, &(struct store_query){ sql, args, 1 });
    bool counted = store_row(&r);
    if (counted) *number = (uint64_t)r.column[0].number;
    store_done(&r);
    return counted && r.error == OK ? OK : ERR_UNAVAILABLE;
}

enum err ledger_pop_key(struct ledger *l, const struct ledger_entry *whose, int64_t now, struct secret *key,
                        enum ledger_kid *state)
{
    struct store_value args[] = { STORE_TEXT(whose->audience), STORE_BYTES(whose->kid),
                                  STORE_TEXT(whose->client) };
    static const char sql[] =
        "SELECT pop_key, expires FROM token WHERE audience = ?1 AND kid = ?2 AND client = ?3"
        " AND pop_key IS NOT NULL ORDER BY expires DESC LIMIT 1";
    struct store_rows r = store_select(l->store, &(struct store_query){ sql, args, 3 });
    enum err e = OK;

    *state = LEDGER_KID_NEVER;
    if (store_row(&r)) {
        *state = r.column[1].number > now ? LEDGER_KID_LIVE : LEDGER_KID_EXPIRED;
        if (*state == LEDGER_KID_LIVE) e = secret_set(key, r.column[0].bytes);
    }
    store_done(&r);
    return r.error == OK ? e : ERR_UNAVAILABLE;
}

enum err ledger_sweep(struct ledger *l, int64_t now)
{
    static const char forget[] = "UPDATE token SET claims = NULL WHERE expires < ?1 AND claims IS NOT NULL";
    struct store_value ended[] = { STORE_INT(now) }, gone[] = { STORE_INT(now - KEEP_SECONDS) };

    TRY(ledger_unlist(l, now));
    TRY(store_run(l->store, &(struct store_query){ forget, ended, 1 }));
    return store_run(l->store, &(struct store_query){ "DELETE FROM token WHERE expires < ?1", gone, 1 });
}

bool ledger_ready(struct ledger *l)
{
    struct store_rows r = store_select(
        l->store, &(struct store_query){ .sql = "SELECT count(*) FROM (SELECT 1 FROM token LIMIT 1)" });
    bool answered = store_row(&r);

    store_done(&r);
    return answered && store_in_place(l->store);
}

enum err ledger_live(struct ledger *l, const uint8_t token_hash[SHA256_SIZE], struct buf *client, bool *live)
{
    struct store_value args[] = { STORE_BYTES(span(token_hash, SHA256_SIZE)) };
    static const char sql[] = "SELECT client FROM token WHERE hash = ?1 AND revoked IS NULL";
    struct store_rows r = store_select(l->store, &(struct store_query){ sql, args, 1 });

    *live = store_row(&r);
    if (*live) buf_add(client, r.column[0].bytes);
    store_done(&r);
    if (buf_failed(client)) return ERR_NO_MEMORY;
    return r.error == OK ? OK : ERR_UNAVAILABLE;
}

enum err ledger_claims(struct ledger *l, const uint8_t token_hash[SHA256_SIZE], struct secret *claims)
{
    struct store_value args[] = { STORE_BYTES(span(token_hash, SHA256_SIZE)) };
    static const char sql[] =
        "SELECT claims FROM token WHERE hash = ?1 AND claims IS NOT NULL AND revoked IS NULL";
    struct store_rows r = store_select(l->store, &(struct store_query){ sql, args, 1 });
    enum err e = store_row(&r) ? secret_set(claims, r.column[0].bytes) : OK;

    store_done(&r);
    return r.error == OK ? e : ERR_UNAVAILABLE;
}

/* --- the list of revoked tokens --- */

void ledger_remember(struct ledger *l, int64_t updates)
{
    l->remembered = updates;
}

uint64_t ledger_news(const struct ledger *l)
{
    return l->news;
}

struct store *ledger_store(struct ledger *l)
{
    return l->store;
}

static enum err run(struct ledger *l, const char *sql, const struct store_value *args, size_t count)
{
    return store_run(l->store, &(struct store_query){ sql, args, count }) == OK ? OK : ERR_UNAVAILABLE;
}

/* Rows of the ledger that join or leave the list for one of those they pertain to. */
struct listing {
    size_t count;
    int64_t id[UPDATE_MAX];
    struct buf name, hashes;
};

/* id, name, hash: the first rows as long as they are of one name. */
static enum err find_listing(struct ledger *l, const struct store_query *q, struct listing *out)
{
    struct store_rows r = store_select(l->store, q);

    while (out->count < UPDATE_MAX && store_row(&r)) {
        if (out->count == 0) buf_add(&out->name, r.column[1].bytes);
        if (!span_eq(buf_span(&out->name), r.column[1].bytes)) break;
        out->id[out->count++] = r.column[0].number;
        buf_add(&out->hashes, r.column[2].bytes);
    }
    store_done(&r);
    if (r.error != OK) return ERR_UNAVAILABLE;
    return buf_failed(&out->name) || buf_failed(&out->hashes) ? ERR_NO_MEMORY : OK;
}

static void listing_clear(struct listing *g)
{
    buf_clear(&g->name);
    buf_clear(&g->hashes);
    g->count = 0;
}

/* `listed` of a token: 1 while it is on the list; then bit 1 until its client is told that it left, bit 2 until its broker is. */
static const struct side {
    enum updates_role role;
    const char *joined, *left, *told;
} sides[] = {
    { UPDATES_CLIENT, "SELECT id, client, trl_hash FROM token WHERE hash = ?1",
      "SELECT id, client, trl_hash FROM token WHERE listed <> 0 AND listed & 2 ORDER BY client LIMIT 64",
      "UPDATE token SET listed = listed & ~2 WHERE id = ?1" },
    { UPDATES_BROKER, "SELECT id, audience, trl_hash FROM token WHERE hash = ?1",
      "SELECT id, audience, trl_hash FROM token WHERE listed <> 0 AND listed & 4 ORDER BY audience LIMIT 64",
      "UPDATE token SET listed = listed & ~4 WHERE id = ?1" },
};

enum { SIDES = sizeof sides / sizeof *sides };

static enum err tell_joined(struct ledger *l, const uint8_t token_hash[SHA256_SIZE])
{
    struct store_value args[] = { STORE_BYTES(span(token_hash, SHA256_SIZE)) };
    enum err e = OK;

    for (size_t i = 0; e == OK && i < SIDES; i++) {
        struct listing g = { 0 };
        e = find_listing(l, &(struct store_query){ sides[i].joined, args, 1 }, &g);
        struct updates_reader r = { sides[i].role, buf_span(&g.name) };
        if (e == OK) e = updates_add(l->store, &r, &(struct trl_entry){ .added = g.hashes }, l->remembered);
        listing_clear(&g);
    }
    return e;
}

/* One update of one reader; *more: there was something to tell. */
static enum err tell_left(struct ledger *l, const struct side *side, struct listing *g, bool *more)
{
    TRY(find_listing(l, &(struct store_query){ .sql = side->left }, g));
    *more = g->count > 0;
    if (!*more) return OK;
    for (size_t i = 0; i < g->count; i++) {
        struct store_value id = STORE_INT(g->id[i]);
        TRY(run(l, side->told, &id, 1));
    }
    struct updates_reader r = { side->role, buf_span(&g->name) };
    return updates_add(l->store, &r, &(struct trl_entry){ .removed = g->hashes }, l->remembered);
}

/* How many rows a count says; 0 and an error without one. */
static enum err count(struct ledger *l, const struct store_query *q, int64_t *out)
{
    struct store_rows r = store_select(l->store, q);

    *out = store_row(&r) ? r.column[0].number : 0;
    store_done(&r);
    return r.error == OK ? OK : ERR_UNAVAILABLE;
}

/* Ends the transaction. */
static enum err settle(struct ledger *l, enum err e, bool changed)
{
    if (e != OK) {
        store_rollback(l->store);
        return e;
    }
    if (store_commit(l->store) != OK) return ERR_UNAVAILABLE;
    l->news += changed;
    return OK;
}

static enum err unlist(struct ledger *l, const struct store_value *now)
{
    enum err e = run(l, "UPDATE token SET listed = 6 WHERE listed = 1 AND expires <= ?1", now, 1);

    for (size_t i = 0; i < SIDES; i++) {
        for (bool more = true; e == OK && more;) {
            struct listing g = { 0 };
            e = tell_left(l, &sides[i], &g, &more);
            listing_clear(&g);
        }
    }
    return e;
}

enum err ledger_unlist(struct ledger *l, int64_t now)
{
    static const char sql[] = "SELECT count(*) FROM token WHERE listed <> 0 AND expires <= ?1";
    struct store_value args[] = { STORE_INT(now) };
    int64_t ended;

    TRY(count(l, &(struct store_query){ sql, args, 1 }, &ended));
    if (ended == 0) return OK; /* nothing is written where nobody revokes */
    if (!store_in_place(l->store) || store_begin(l->store) != OK) return ERR_UNAVAILABLE;
    return settle(l, unlist(l, args), true);
}

static enum err is_there(struct ledger *l, const struct store_query *q, bool *there)
{
    int64_t found;

    TRY(count(l, q, &found));
    *there = found > 0;
    return OK;
}

/* In a transaction. A token that ended, or of whom nobody knows what a list calls it, is revoked but never listed. */
static enum err revoke(struct ledger *l, const uint8_t token_hash[SHA256_SIZE], struct span client,
                       int64_t now, bool *done, bool *joined)
{
    struct store_value args[] = { STORE_BYTES(span(token_hash, SHA256_SIZE)), STORE_TEXT(client),
                                  STORE_INT(now), STORE_INT(0) };
    static const char others[] = "SELECT count(*) FROM token WHERE hash = ?1 AND client <> ?2";
    static const char live[] = "SELECT count(*) FROM token WHERE hash = ?1 AND client = ?2"
                               " AND revoked IS NULL";
    static const char listed[] = "SELECT count(*) FROM token WHERE hash = ?1 AND client = ?2"
                                 " AND revoked IS NULL AND expires > ?3 AND trl_hash IS NOT NULL";
    static const char mark[] = "UPDATE token SET revoked = ?3, claims = NULL, listed = ?4"
                               " WHERE hash = ?1 AND client = ?2 AND revoked IS NULL";
    bool foreign;

    TRY(is_there(l, &(struct store_query){ others, args, 2 }, &foreign));
    if (foreign) return ERR_INVALID_GRANT; /* RFC 7009 2.1 */
    TRY(is_there(l, &(struct store_query){ live, args, 2 }, done));
    TRY(is_there(l, &(struct store_query){ listed, args, 3 }, joined));
    if (*joined) TRY(tell_joined(l, token_hash));
    args[3].number = *joined;
    return run(l, mark, args, 4);
}

enum err ledger_revoke(struct ledger *l, const uint8_t token_hash[SHA256_SIZE], struct span client,
                       int64_t now, bool *done)
{
    bool joined = false;

    *done = false;
    if (!store_in_place(l->store) || store_begin(l->store) != OK) return ERR_UNAVAILABLE;
    enum err e = revoke(l, token_hash, client, now, done, &joined);
    return settle(l, e, joined);
}

enum err ledger_listed(struct ledger *l, const struct updates_reader *r, struct buf *hashes)
{
    static const char *const sql[] = {
        [UPDATES_CLIENT] = "SELECT trl_hash FROM token WHERE listed = 1 AND client = ?1"
                           " ORDER BY id DESC LIMIT ?2",
        [UPDATES_BROKER] = "SELECT trl_hash FROM token WHERE listed = 1 AND audience = ?1"
                           " ORDER BY id DESC LIMIT ?2",
    };
    struct store_value args[] = { STORE_TEXT(r->name), STORE_INT(TRL_MAX_HASHES) };
    struct store_rows rows = store_select(l->store, &(struct store_query){ sql[r->role], args, 2 });

    while (store_row(&rows)) buf_add(hashes, rows.column[0].bytes);
    store_done(&rows);
    if (rows.error != OK) return ERR_UNAVAILABLE;
    return buf_failed(hashes) ? ERR_NO_MEMORY : OK;
}

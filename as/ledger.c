#include "as/ledger.h"
#include "common/store/store.h"

#include <stdlib.h>

enum { KEEP_SECONDS = 86400 };

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
};
/* clang-format on */

struct ledger {
    struct store *store;
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
    };
    static const char sql[] =
        "INSERT INTO token (hash, jti, client, audience, kid, pop_key, issued, expires, claims)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

    if (!store_in_place(l->store)) return ERR_UNAVAILABLE;
    return store_run(l->store, &(struct store_query){ sql, args, 9 }) == OK ? OK : ERR_UNAVAILABLE;
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

enum err ledger_live(struct ledger *l, const uint8_t token_hash[SHA256_SIZE], bool *live)
{
    struct store_value args[] = { STORE_BYTES(span(token_hash, SHA256_SIZE)) };
    static const char sql[] = "SELECT 1 FROM token WHERE hash = ?1 AND revoked IS NULL";
    struct store_rows r = store_select(l->store, &(struct store_query){ sql, args, 1 });

    *live = store_row(&r);
    store_done(&r);
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

enum err ledger_revoke(struct ledger *l, const uint8_t token_hash[SHA256_SIZE], struct span client,
                       int64_t now)
{
    struct store_value args[] = { STORE_BYTES(span(token_hash, SHA256_SIZE)), STORE_TEXT(client),
                                  STORE_INT(now) };
    static const char sql[] =
        "UPDATE token SET revoked = ?3, claims = NULL WHERE hash = ?1 AND client = ?2 AND revoked IS NULL";

    if (!store_in_place(l->store)) return ERR_UNAVAILABLE;
    return store_run(l->store, &(struct store_query){ sql, args, 3 }) == OK ? OK : ERR_UNAVAILABLE;
}

#include "as/updates.h"

static enum err add_hash(struct store *s, const struct updates_reader *r, int64_t number,
                         const struct store_value *hash, int64_t added)
{
    struct store_value args[] = { STORE_INT((int64_t)r->role), STORE_TEXT(r->name), STORE_INT(number),
                                  STORE_INT(added), *hash };
    static const char sql[] = "INSERT INTO trl_update (role, name, number, added, hash)"
                              " VALUES (?1, ?2, ?3, ?4, ?5)";

    return store_run(s, &(struct store_query){ sql, args, 5 }) == OK ? OK : ERR_UNAVAILABLE;
}

static enum err add_set(struct store *s, const struct updates_reader *r, int64_t number,
                        const struct buf *hashes, int64_t added)
{
    for (size_t at = 0; at + TRL_HASH_SIZE <= hashes->n; at += TRL_HASH_SIZE) {
        struct store_value hash = STORE_BYTES(span(hashes->p + at, TRL_HASH_SIZE));
        TRY(add_hash(s, r, number, &hash, added));
    }
    return OK;
}

enum err updates_add(struct store *s, const struct updates_reader *r, const struct trl_entry *update,
                     int64_t remembered)
{
    static const char prune[] = "DELETE FROM trl_update WHERE role = ?1 AND name = ?2 AND number <= ?3";
    int64_t first, last;

    TRY(updates_range(s, r, &first, &last));
    TRY(add_set(s, r, last + 1, &update->removed, 0));
    TRY(add_set(s, r, last + 1, &update->added, 1));
    struct store_value old[] = { STORE_INT((int64_t)r->role), STORE_TEXT(r->name),
                                 STORE_INT(last + 1 - remembered) };
    return store_run(s, &(struct store_query){ prune, old, 3 }) == OK ? OK : ERR_UNAVAILABLE;
}

enum err updates_range(struct store *s, const struct updates_reader *r, int64_t *first, int64_t *last)
{
    struct store_value args[] = { STORE_INT((int64_t)r->role), STORE_TEXT(r->name) };
    static const char sql[] = "SELECT coalesce(min(number), 0), coalesce(max(number), -1) FROM trl_update"
                              " WHERE role = ?1 AND name = ?2";
    struct store_rows rows = store_select(s, &(struct store_query){ sql, args, 2 });
    bool any = store_row(&rows);

    *first = any ? rows.column[0].number : 0;
    *last = any ? rows.column[1].number : -1;
    store_done(&rows);
    return rows.error == OK && any ? OK : ERR_UNAVAILABLE;
}

enum err updates_get(struct store *s, const struct updates_reader *r, int64_t number, struct trl_entry *out)
{
    struct store_value args[] = { STORE_INT((int64_t)r->role), STORE_TEXT(r->name), STORE_INT(number) };
    static const char sql[] =
        "SELECT added, hash FROM trl_update WHERE role = ?1 AND name = ?2 AND number = ?3";
    struct store_rows rows = store_select(s, &(struct store_query){ sql, args, 3 });

    while (store_row(&rows))
        buf_add(rows.column[0].number ? &out->added : &out->removed, rows.column[1].bytes);
    store_done(&rows);
    if (rows.error != OK) return ERR_UNAVAILABLE;
    return buf_failed(&out->added) || buf_failed(&out->removed) ? ERR_NO_MEMORY : OK;
}

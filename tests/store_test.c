#include "common/store/store.h"
#include "tests/check.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const scripts[] = {
    "CREATE TABLE note (id INTEGER PRIMARY KEY, word TEXT NOT NULL, raw BLOB) STRICT;",
    "ALTER TABLE note ADD COLUMN number INTEGER;",
};

/* A fresh folder with the path of a database in it; the test removes both. */
struct place {
    char dir[64], db[80];
};

static struct place place_make(void)
{
    struct place p = { .dir = "/tmp/ace-store-XXXXXX" };

    if (!mkdtemp(p.dir)) abort();
    snprintf(p.db, sizeof p.db, "%s/t.db", p.dir);
    return p;
}

static void place_remove(const struct place *p)
{
    static const char *const suffix[] = { "", "-wal", "-shm" };
    char name[100];

    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s%s", p->db, suffix[i]);
        unlink(name);
    }
    rmdir(p->dir);
}

static enum err insert(struct store *s, const char *word)
{
    struct store_value args[] = { STORE_TEXT(span_str(word)), STORE_BYTES(span("\0\1", 2)),
                                  STORE_INT(INT64_MAX) };

    return store_run(
        s, &(struct store_query){ "INSERT INTO note (word, raw, number) VALUES (?1, ?2, ?3)", args, 3 });
}

static int64_t rows(struct store *s)
{
    struct store_rows r = store_select(s, &(struct store_query){ .sql = "SELECT count(*) FROM note" });
    int64_t n = store_row(&r) ? r.column[0].number : -1;

    store_done(&r);
    return n;
}

static void keeps_rows(void)
{
    struct place p = place_make();
    struct store *s = NULL;
    struct fault why;
    struct stat st;

    CHECK(store_open(p.db, scripts, 1, &s, &why) == OK);
    store_close(s);
    CHECK(store_open(p.db, scripts, 2, &s, &why) == OK); /* migrates in place */
    CHECK(insert(s, "one") == OK);
    CHECK(store_begin(s) == OK && insert(s, "two") == OK);
    store_rollback(s);
    CHECK(store_begin(s) == OK && insert(s, "three") == OK && store_commit(s) == OK);
    store_close(s);
    CHECK(stat(p.db, &st) == 0 && (st.st_mode & 0077) == 0);

    CHECK(store_open(p.db, scripts, 2, &s, &why) == OK);
    CHECK(rows(s) == 2);
    struct store_rows r = store_select(
        s, &(struct store_query){ .sql = "SELECT word, raw, number, NULL FROM note ORDER BY id" });
    CHECK(store_row(&r) && span_is(r.column[0].bytes, "one"));
    CHECK(r.column[1].bytes.n == 2 && r.column[2].number == INT64_MAX && r.column[3].kind == STORE_NULL);
    CHECK(store_row(&r) && span_is(r.column[0].bytes, "three"));
    CHECK(!store_row(&r) && r.error == OK);
    CHECK(store_run(s, &(struct store_query){ .sql = "INSERT INTO note (word) VALUES (NULL)" }) == ERR_IO);
    store_close(s);
    place_remove(&p);
}

static void refuses(void)
{
    struct place p = place_make();
    struct store *s = NULL;
    struct fault why;

    CHECK(store_open(p.db, scripts, 2, &s, &why) == OK);
    store_close(s);
    CHECK(store_open(p.db, scripts, 1, &s, &why) == ERR_IO && strstr(why.why, "newer") != NULL);
    FILE *f = fopen(p.db, "w");
    CHECK(
        f &&
        fputs(
            "this is not a database, and long enough to be told so .........................................",
            f) > 0);
    if (f) fclose(f);
    CHECK(store_open(p.db, scripts, 2, &s, &why) == ERR_IO && strstr(why.why, "not a database") != NULL);
    CHECK(store_open("/nonexistent/x.db", scripts, 2, &s, &why) == ERR_IO && why.why[0]);
    place_remove(&p);
}

static void *open_fresh(void *path)
{
    struct store *s = NULL;
    struct fault why;
    bool opened = store_open(path, scripts, 2, &s, &why) == OK;

    store_close(s);
    return opened ? path : NULL;
}

static void opened_twice_at_once(void)
{
    for (int i = 0; i < 20; i++) {
        struct place p = place_make();
        pthread_t other;
        void *opened = NULL;

        CHECK(pthread_create(&other, NULL, open_fresh, p.db) == 0);
        CHECK(open_fresh(p.db) != NULL);
        CHECK(pthread_join(other, &opened) == 0 && opened != NULL);
        place_remove(&p);
    }
}

/* Zeros over a page in the middle, as a broken disk leaves them. */
static void damage(const char *path)
{
    char zeros[4096] = { 0 };
    int fd = open(path, O_WRONLY);

    CHECK(fd >= 0 && pwrite(fd, zeros, sizeof zeros, sizeof zeros) == sizeof zeros);
    close(fd);
}

static void damaged(void)
{
    struct place p = place_make();
    struct store *s = NULL;
    struct fault why;

    CHECK(store_open(p.db, scripts, 2, &s, &why) == OK);
    CHECK(insert(s, "one") == OK);
    store_close(s);
    damage(p.db);
    CHECK(store_open(p.db, scripts, 2, &s, &why) == ERR_IO && strstr(why.why, "damaged") != NULL);
    place_remove(&p);
}

static void in_place(void)
{
    struct place p = place_make();
    struct store *s = NULL;
    struct fault why;

    CHECK(store_open(":memory:", scripts, 2, &s, &why) == OK && store_in_place(s));
    store_close(s);
    CHECK(store_open(p.db, scripts, 2, &s, &why) == OK && store_in_place(s));
    CHECK(unlink(p.db) == 0 && !store_in_place(s));
    store_close(s);
    place_remove(&p);
}

CU_TestInfo store_tests[] = {
    { "keeps rows", keeps_rows }, { "refuses", refuses },   { "opened twice at once", opened_twice_at_once },
    { "damaged", damaged },       { "in place", in_place }, CU_TEST_INFO_NULL,
};

#include "scenarios/scrub.h"
#include "tests/check.h"
#include "tests/programs_bed.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* [L5] A folder as a run leaves it. Secrets may stand in keys, settings and trace; planted anywhere else, each is found. */

#define TOKEN \
    "eyJhbGciOiJkaXIifQ..aXZpdml2aXZpdml2.c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldCBzZWNyZXQ.dGFn"

static const struct file {
    const char *name, *text;
} sources[] = {
    { "shared.jwk", "{\"kty\":\"oct\",\"k\":\"b2N0ZXRzIG9mIGEgc2hhcmVkIGtleSwgMzIgb2YgdGhlbQ\"}" },
    { "as-sign.jwk",
      "{\"kty\":\"OKP\",\"d\":\"b2N0ZXRzIG9mIGEgcHJpdmF0ZSBrZXksIDMyIG9mIGl0\",\"x\":\"cHVibGlj\"}" },
    { "as.json", "{\"clients\":[{\"id\":\"sensor\",\"secret\":\"dEZJTOChsYsSHH4X\"}]}" },
    { "trace.jsonl",
      "{\"kind\":\"200\",\"fields\":{\"access_token\":\"" TOKEN "\",\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"k\":"
      "\"cHJvb2Yga2V5IG9mIGEgdG9rZW4sIDMyIG9jdGV0cy4u\"}}}}\n"
      "{\"kind\":\"PUBLISH\",\"fields\":{\"topic\":\"authz-info\",\"payload\":{\"hex\":"
      "\"d83dd28443a10126a0581e75706c6f6164656420746f6b656e206f662073657665\"}}}\n"
      "{\"kind\":\"200\",\"fields\":{\"access_token\":"
      "\"0oREoQEBJqBYHnVwbG9hZGVkIGNvc2Ugb2YgYW5vdGhlciB0b2tlbg\"}}\n"
      "{\"kind\":\"PUBLISH\",\"fields\":{\"topic\":\"a/b\",\"payload\":\"an ordinary message\"}}\n"
      "{\"kind\":\"CONNECT\",\"fields\":{\"data\":{\"hex\":"
      "\"001074686520746f6b656e206f66203136207468652070726f6f66206f6620746865206b65792c203332206f63\"}}}"
      "\n" },
};

static const struct row {
    const char *why, *file, *text, *says;
} rows[] = {
    { "all is well", "broker.err", "{\"event\":\"connected\",\"token\":\"f111a6e1\"}\n", NULL },
    { "a message is no secret", "client.out", "an ordinary message\n", NULL },
    { "a public key neither", "as.err", "cHVibGlj\n", NULL },
    { "a shared key, raw", "as.err", "a\nb octets of a shared key, 32 of them\n",
      "as.err:2: holds a symmetric key" },
    { "a shared key, as its file has it", "as.err", "b2N0ZXRzIG9mIGEgc2hhcmVkIGtleSwgMzIgb2YgdGhlbQ",
      "as.err:1: holds a symmetric key, base64" },
    { "a private key in hex", "as.out", "6f6374657473206f6620612070726976617465206b65792c203332206f66206974",
      "as.out:1: holds a private key, hex" },
    { "a password", "as.err", "login sensor:dEZJTOChsYsSHH4X", "as.err:1: holds a password" },
    { "a token", "broker.err", "why: " TOKEN, "broker.err:1: holds a token" },
    { "a proof key from the wire", "client.err", "cHJvb2Yga2V5IG9mIGEgdG9rZW4sIDMyIG9jdGV0cy4u",
      "client.err:1: holds a symmetric key" },
    { "an uploaded token", "broker.err", "D83DD28443A10126A0581E75706C6F6164656420746F6B656E206F662073657665",
      "broker.err:1: holds a token" },
    { "a CWT by its octets", "as.err",
      "d28444a1010126a0581e75706c6f6164656420636f7365206f6620616e6f7468657220746f6b656e",
      "as.err:1: holds a token, hex" },
    { "a token of CONNECT", "broker.out", "the token of 16 octets", "broker.out:1: holds a token" },
    { "a proof of CONNECT", "broker.out", "the proof of the key, 32 oc", "broker.out:1: holds a proof" },
    { "a token nobody saw on a wire", "client2.err",
      "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJodHRwczovL2xvY2FsaG9zdCJ9.c2ln",
      "client2.err:1: holds a token by its looks" },
    { "what the runner found", "result.json", "{\"got\":\"octets of a shared key, 32 of them\"}",
      "result.json:1: holds a symmetric key" },
};

static int drop_file(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    (void)s, (void)kind, (void)at;
    return remove(path);
}

static void open_folder(char dir[64])
{
    const struct file *f;

    snprintf(dir, 64, "/tmp/ace-scrub-XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    for
        EACH(f, sources) file_put(dir, f->name, f->text);
}

static void runs(void)
{
    const struct row *r;

    for
        EACH(r, rows)
        {
            struct scrub s = { 0 };
            struct buf message = { 0 };
            char dir[64];
            open_folder(dir);
            file_put(dir, r->file, r->text);
            CHECK(scrub_init(&s) == OK && scrub_run(&s, dir, NULL, &message) == OK);
            CHECK_ROW(s.files == 1 && s.found == (r->says != NULL), r->why);
            CHECK_ROW(!r->says || strstr(buf_cstr(&s.lines), r->says), r->why);
            scrub_clear(&s);
            buf_clear(&message);
            nftw(dir, drop_file, 4, FTW_DEPTH | FTW_PHYS);
        }
}

/* A report is held against the secrets of all runs. */
static void reports(void)
{
    struct buf message = { 0 };
    struct scrub s = { 0 };
    char dir[64], path[96];

    open_folder(dir);
    CHECK(scrub_init(&s) == OK && scrub_run(&s, dir, NULL, &message) == OK && s.found == 0 && s.files == 0);
    snprintf(path, sizeof path, "%s/report.json", dir);
    file_put(dir, "report.json", "{\"verdict\":\"pass\"}");
    CHECK(scrub_report(&s, path, &message) == OK && s.found == 0);
    file_put(dir, "report.json", "{\"got\":\n\"octets of a shared key, 32 of them\"}");
    CHECK(scrub_report(&s, path, &message) == OK && s.found == 1);
    CHECK(strstr(buf_cstr(&s.lines), "report.json:2: holds a symmetric key, as it is\n") != NULL);
    CHECK(message.n == 0);
    CHECK(scrub_report(&s, "/nowhere/report.json", &message) == ERR_IO && message.n > 0);
    buf_clear(&message);
    CHECK(scrub_run(&s, "/nowhere", NULL, &message) == ERR_IO && message.n > 0);
    scrub_clear(&s);
    buf_clear(&message);
    nftw(dir, drop_file, 4, FTW_DEPTH | FTW_PHYS);
}

CU_TestInfo scrub_tests[] = {
    { "a planted secret is found in what programs and runner wrote", runs },
    { "and in a report", reports },
    CU_TEST_INFO_NULL,
};

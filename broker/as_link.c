#include "broker/as_link.h"

#include "broker/as_access.h"
#include "common/ace/introspection.h"
#include "common/net/http_client.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_IN_FLIGHT = 16, MAX_WHY = 120 };

struct as_link {
    struct as_link_owner owner;
    struct http_client *http;
    struct as_access as;
    enum media media;
    unsigned timeout_ms;
    size_t asking;
    bool closed;
};

struct ask {
    struct as_link *link;
    uint64_t question;
    enum media media;
    struct buf token;
};

static void release(struct as_link *l)
{
    if (!l->closed || l->asking) return;
    as_access_clear(&l->as);
    free(l);
}

static void ask_free(struct ask *k)
{
    struct as_link *l = k->link;

    l->asking--;
    buf_clear(&k->token);
    free(k);
    release(l);
}

/* --- the answer --- */

/* 200, or what the status says of us or the AS. */
static enum err judge_status(unsigned status, char why[MAX_WHY])
{
    const char *words = status == 401   ? "the AS does not know this broker"
                        : status == 403 ? "this broker may not introspect at the AS"
                                        : "the AS gave no answer but an error";

    if (status == 200) return OK;
    snprintf(why, MAX_WHY, "%s (HTTP %u)", words, status);
    return status == 401 || status == 403 ? ERR_NOT_AUTHORIZED : ERR_UNAVAILABLE;
}

/* `why` holds the words of what is returned. */
static struct as_reply read_reply(const struct ask *k, const struct http_response *r, char why[MAX_WHY])
{
    struct as_reply reply = { .media = media_answer(k->media), .body = buf_span(&r->body), .why = why };
    struct span type;
    enum media said;

    reply.err = judge_status(r->status, why);
    if (reply.err != OK || !http_header(&r->headers, "Content-Type", &type)) return reply;
    if (media_read(type, &said)) reply.media = said;
    if (span_starts(type, span_str("text/"))) { /* a page for people, of a proxy or another program */
        snprintf(why, MAX_WHY, "the AS answered in %.*s", (int)(type.n < 60 ? type.n : 60),
                 (const char *)type.p);
        reply.err = ERR_UNAVAILABLE;
    }
    return reply;
}

static enum err post(struct ask *k);

/* Not this media type, then the one that every AS must take [R-INT-07]. */
static bool again_as_form(struct ask *k, const struct http_response *r)
{
    enum { UNSUPPORTED_MEDIA_TYPE = 415 };

    if (r->status != UNSUPPORTED_MEDIA_TYPE || k->media == MEDIA_FORM || k->link->closed) return false;
    k->link->media = k->media = MEDIA_FORM;
    return post(k) == OK;
}

static void on_done(void *self, enum err err, const struct http_response *response, const char *reason)
{
    struct ask *k = self;
    struct as_link *l = k->link;
    struct as_reply reply = { .err = err, .why = reason };
    char why[MAX_WHY];

    if (response && again_as_form(k, response)) return;
    if (response) reply = read_reply(k, response, why);
    if (!l->closed) l->owner.replied(l->owner.self, k->question, &reply);
    ask_free(k);
}

/* --- the question --- */

static enum err write_body(const struct ask *k, struct buf *out)
{
    const struct introspection_request request = { .token = k->token };

    return introspection_request_write(&request, k->media, out);
}

static enum err post(struct ask *k)
{
    struct as_link *l = k->link;
    struct http_headers headers = { 0 };
    struct buf body = { 0 };
    struct http_answer answer = { k, on_done };
    struct http_call call = { .url = &l->as.url,
                              .method = "POST",
                              .headers = &headers,
                              .tls = l->as.tls,
                              .deadline_ms = l->timeout_ms };

    http_header_add(&headers, "Content-Type", span_str(media_name(k->media)));
    http_header_add(&headers, "Accept", span_str(media_name(media_answer(k->media))));
    as_access_login(&l->as, &headers);
    enum err e = write_body(k, &body);
    call.body = buf_span(&body);
    if (e == OK)
        e = buf_failed(&headers.text) ? ERR_NO_MEMORY : http_client_send(l->http, &call, &answer, NULL);
    buf_clear(&headers.text);
    buf_clear(&body);
    return e;
}

enum err as_link_ask(struct as_link *l, uint64_t question, struct span token)
{
    struct ask *k = calloc(1, sizeof *k);

    if (!k) return ERR_NO_MEMORY;
    *k = (struct ask){ .link = l, .question = question, .media = l->media };
    l->asking++;
    buf_add(&k->token, token);
    enum err e = buf_failed(&k->token) ? ERR_NO_MEMORY : post(k);
    if (e != OK) ask_free(k);
    return e;
}

/* --- life --- */

static enum err open_all(uv_loop_t *loop, const struct broker_config *c, struct as_link *l, struct fault *why)
{
    struct http_client_options http = { .max_in_flight = MAX_IN_FLIGHT,
                                        .max_waiting = (unsigned)c->settings.asking.questions };

    TRY(as_access_open(&c->asking_as, &l->as, why));
    return http_client_new(loop, &http, &l->http);
}

enum err as_link_open(uv_loop_t *loop, const struct broker_config *config, const struct as_link_owner *owner,
                      struct as_link **out, struct fault *why)
{
    static const enum media medias[] = { MEDIA_ACE_JSON, MEDIA_ACE_CBOR, MEDIA_FORM };
    struct as_link *l = calloc(1, sizeof *l);

    *out = NULL;
    if (!l) return ERR_NO_MEMORY;
    l->owner = *owner;
    l->media = medias[config->asking_media];
    l->timeout_ms = (unsigned)config->asking.timeout * 1000;
    enum err e = open_all(loop, config, l, why);
    if (e == OK)
        *out = l;
    else
        as_link_close(l);
    return e;
}

void as_link_close(struct as_link *l)
{
    if (!l) return;
    l->closed = true;
    l->asking++; /* held until the client has told everybody */
    if (l->http) http_client_close(l->http);
    l->http = NULL;
    l->asking--;
    release(l);
}

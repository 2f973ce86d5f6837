#include "broker/as_access.h"

static enum err blame(enum err e, const struct as_login *l, const char *member, const struct fault *what,
                      struct fault *why)
{
    if (e != OK) fault_set(why, 0, "%s.%s: %s", l->name, member, *what->why ? what->why : err_wire(e)->words);
    return e;
}

enum err as_access_open(const struct as_login *from, struct as_access *out, struct fault *why)
{
    struct tls_client_options tls = { .ca_pem = buf_span(&from->ca) };
    struct fault what = { 0 };

    TRY(blame(http_url_read(span_str(from->url), &out->url, &what), from, "url", &what, why));
    TRY(secret_set(&out->password, secret_span(&from->password)));
    buf_str(&out->id, from->id);
    if (buf_failed(&out->id)) return ERR_NO_MEMORY;
    return blame(tls_client_config(&tls, &out->tls, &what), from, "ca", &what, why);
}

void as_access_clear(struct as_access *a)
{
    tls_config_free(a->tls);
    secret_clear(&a->password);
    buf_clear(&a->id);
    *a = (struct as_access){ 0 };
}

void as_access_login(const struct as_access *a, struct http_headers *h)
{
    http_header_login(h, buf_span(&a->id), secret_span(&a->password));
}

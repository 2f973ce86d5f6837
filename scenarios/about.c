#include "scenarios/about.h"

#include <time.h>

#include "common/base/version.h"
#include "common/crypto/ossl.h"
#include "scenarios/json.h"
#include "scenarios/sut.h"

void about_fill(struct about *a, unsigned products, const struct sut *const sut[ROLE_COUNT])
{
    a->when = (int64_t)time(NULL);
    for (enum role r = 0; r < ROLE_COUNT; r++) {
        struct buf *to = &a->subject[r];
        if (sut[r] && sut[r]->probed) buf_str(&a->probed, sut[r]->probed);
        if (sut[r])
            buf_format(to, "%s (%s)", sut[r]->name, sut[r]->path);
        else if (products & 1u << r)
            buf_format(to, "ace-%s " ACE_VERSION, role_name(r));
    }
}

void about_clear(struct about *a)
{
    for (enum role r = 0; r < ROLE_COUNT; r++) buf_clear(&a->subject[r]);
    buf_clear(&a->probed);
}

void about_write(const struct about *a, struct buf *json)
{
    char when[32] = "";
    struct tm parts;
    time_t t = (time_t)a->when;

    if (a->when && gmtime_r(&t, &parts)) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
    json_open(json, "about", '{');
    json_text(json, "when", span_str(when));
    json_text(json, "runner", span_str("ace-scenarios " ACE_VERSION));
    json_text(json, "tls", span_str(ossl_version()));
    for (enum role r = 0; r < ROLE_COUNT; r++)
        if (a->subject[r].n) json_text(json, role_name(r), buf_span(&a->subject[r]));
    if (a->probed.n) json_text(json, "probed", buf_span(&a->probed));
    json_close(json, '}');
}

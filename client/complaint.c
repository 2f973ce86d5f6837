#include "client/complaint.h"

#include <stdio.h>

#include "common/base/utf8.h"

static bool is_plain(const char *words)
{
    while (*words >= ' ' && *words <= '~') words++;
    return *words == '\0';
}

/* What a peer sent may neither act on the terminal nor forge a line (B-7). */
static void put_words(const char *words)
{
    struct buf quoted = { 0 };

    if (!is_plain(words)) {
        utf8_quote(&quoted, span_str(words));
        words = buf_cstr(&quoted);
    }
    fputs(words, stderr);
    buf_clear(&quoted);
}

void complain(const struct client_options *o, const char *what, const char *why)
{
    if (o->quiet) return;
    fputs("ace-client: ", stderr);
    put_words(what);
    if (*why) fputs(": ", stderr);
    put_words(why);
    fputc('\n', stderr);
}

void complain_reason(const struct client_options *o, const char *what, uint8_t reason)
{
    static const char *const v311[] = { "",
                                        "unacceptable protocol version",
                                        "identifier rejected",
                                        "server unavailable",
                                        "bad user name or password",
                                        "not authorized" };
    bool old = o->config.version == MQTT_CHOICE_311 && reason < 6;

    if (!o->quiet)
        fprintf(stderr, "ace-client: %s: %s (0x%02x)\n", what, old ? v311[reason] : reason_name(reason),
                reason);
}

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

const char *reason_words(const struct client_options *o, uint8_t reason, char into[REASON_WORDS])
{
    static const char *const v311[] = { "",
                                        "unacceptable protocol version",
                                        "identifier rejected",
                                        "server unavailable",
                                        "bad user name or password",
                                        "not authorized" };
    bool old = o->config.version == MQTT_CHOICE_311 && reason < 6;

    snprintf(into, REASON_WORDS, "%s (0x%02x)", old ? v311[reason] : reason_name(reason), reason);
    return into;
}

void complain_reason(const struct client_options *o, const char *what, uint8_t reason)
{
    char words[REASON_WORDS];

    complain(o, what, reason_words(o, reason, words));
}

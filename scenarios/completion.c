#include "scenarios/completion.h"

#include "scenarios/options.h"

/* Both shells read all of it, so there is nothing in it that one of them cannot parse. */
const char completion_setup[] =
    "# bash and zsh: eval \"$(ace-scenarios completion)\"\n"
    "if [ -n \"${ZSH_VERSION-}\" ]; then\n"
    "    whence compdef >/dev/null || { autoload -U compinit && compinit; }\n"
    "    _ace_scenarios() {\n"
    "        local line=\"${words[*]:0:$CURRENT}\" before=\"${words[$((CURRENT - 1))]}\" IFS=$'\\n'\n"
    "        local -a offered\n"
    "        offered=($(COMP_LINE=\"$line\" ace-scenarios complete ace-scenarios \"$PREFIX\" \"$before\"))\n"
    "        if [ \"${#offered[@]}\" -gt 0 ]; then compadd -a offered; else _files; fi\n"
    "    }\n"
    "    compdef _ace_scenarios ace-scenarios\n"
    "else\n"
    "    complete -o bashdefault -o default -C 'ace-scenarios complete' ace-scenarios\n"
    "fi\n";

static void offer(const struct half_line *h, struct span candidate, struct buf *out)
{
    if (!span_starts(candidate, span_str(h->word))) return;
    buf_add(out, candidate);
    buf_u8(out, '\n');
}

static void offer_each(const struct half_line *h, const char *words, struct buf *out)
{
    for (struct span left = span_str(words); left.n;) {
        struct span word = span_cut(&left, ' ');
        if (word.n) offer(h, word, out);
    }
}

/* The word of the program, "run"; empty: it is only being written. */
static struct span word_of(const struct half_line *h)
{
    struct span left = span_str(h->line);

    span_cut(&left, ' '); /* the program */
    while (left.n && left.p[0] == ' ') left = span_skip(left, 1);
    struct span word = span_cut(&left, ' ');
    return left.n || *h->word == 0 ? word : span(NULL, 0);
}

static bool is_any(struct span word, const char *words)
{
    for (struct span left = span_str(words); left.n;)
        if (span_eq(word, span_cut(&left, ' '))) return true;
    return false;
}

static bool is_offered(const struct buf *out, size_t from, struct span candidate)
{
    for (struct span left = span_skip(buf_span(out), from); left.n;)
        if (span_eq(span_cut(&left, '\n'), candidate)) return true;
    return false;
}

/* Each once. */
static void offer_tags(const struct half_line *h, const struct suite *s, struct buf *out)
{
    size_t from = out->n;

    for (size_t i = 0; i < s->flows.count; i++) {
        const struct words *tags = &s->flows.scenario[i]->tags;
        for (size_t k = 0; k < tags->count; k++)
            if (!is_offered(out, from, span_str(tags->word[k].text)))
                offer(h, span_str(tags->word[k].text), out);
    }
}

static void offer_messages(const struct half_line *h, struct buf *out)
{
    size_t from = out->n;

    for (size_t i = 0; message_at(i); i++)
        if (!is_offered(out, from, span_str(message_at(i)->word)))
            offer(h, span_str(message_at(i)->word), out);
}

static void offer_argument(const struct half_line *h, struct span word, const struct suite *s,
                           struct buf *out)
{
    if (is_any(word, "run model mutate list explain draw"))
        for (size_t i = 0; i < s->flows.count; i++) offer(h, span_str(s->flows.scenario[i]->id), out);
    if (is_any(word, "words")) offer_messages(h, out);
    if (is_any(word, "show"))
        for (size_t i = 0; i < s->rules.count; i++) offer(h, span_str(s->rules.rule[i].id), out);
}

void completion_find(const struct half_line *h, const char *words, const struct suite *s, struct buf *out)
{
    struct span word = word_of(h);
    const char *values;

    if (strcmp(h->before, "--tag") == 0)
        offer_tags(h, s, out);
    else if (options_values(h->before, &values))
        offer_each(h, values, out);
    else if (h->word[0] == '-')
        options_each(h->word, out);
    else if (word.n == 0)
        offer_each(h, words, out);
    else
        offer_argument(h, word, s, out);
}

#include "scenarios/completion.h"

#include "scenarios/options.h"

const char completion_setup[] =
    "# bash: eval \"$(ace-scenarios completion)\"   zsh: first autoload -U +X bashcompinit && bashcompinit\n"
    "complete -o bashdefault -o default -C 'ace-scenarios complete' ace-scenarios\n";

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

static void offer_argument(const struct half_line *h, struct span word, const struct suite *s,
                           struct buf *out)
{
    if (is_any(word, "run model mutate list explain draw"))
        for (size_t i = 0; i < s->flows.count; i++) offer(h, span_str(s->flows.scenario[i]->id), out);
    if (is_any(word, "show"))
        for (size_t i = 0; i < s->rules.count; i++) offer(h, span_str(s->rules.rule[i].id), out);
}

void completion_find(const struct half_line *h, const char *words, const struct suite *s, struct buf *out)
{
    struct span word = word_of(h);
    const char *values;

    if (options_values(h->before, &values))
        offer_each(h, values, out);
    else if (h->word[0] == '-')
        options_each(h->word, out);
    else if (word.n == 0)
        offer_each(h, words, out);
    else
        offer_argument(h, word, s, out);
}

#ifndef SCENARIOS_MUTATE_H
#define SCENARIOS_MUTATE_H

#include "scenarios/status.h"
#include "scenarios/suite.h"
#include "scenarios/survivors.h"

/*
 * Can every check fail, and does it blame the right line? Plays the scenarios with three puppets, each time with one arrow or one field
 * of one sender broken (mutant.h). Of mutants that break the same words on the same line in the same way, whatever the variant, one
 * is played.
 */
struct mutate_options {
    struct choice choice;
    unsigned jobs,
        patience; /* at once; percent of the deadlines of a run: a model is quick, and many mutants say nothing */
    const char *variant; /* only this one; NULL: all */
};

/* Prints news and the account to `to`. `excused`: who may live. */
enum status mutate_all(const struct suite *s, const struct mutate_options *o, struct survivors *excused,
                       FILE *to);

#endif

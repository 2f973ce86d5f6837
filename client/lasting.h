#ifndef CLIENT_LASTING_H
#define CLIENT_LASTING_H

#include "client/errand.h"

/* What sub and pub -l do to outlive a token and a connection: the next token, the next connection. */
bool lasting_wanted(const struct errand *e);

/* Connections. May one that is lost be tried again at all? Is this no refusal, but something that passes? */
bool lasting_comes_back(const struct errand *e);
bool lasting_is_passing(enum err err);
bool lasting_is_passing_reason(const struct errand *e, uint8_t reason);
/* The broker sees no right (any more). If the token held has not ended that may pass: a broker that cannot ask its AS says the same. One more
 * try tells, with the same token; not for a message that may be what it was refused for. */
bool lasting_is_worth_a_try(struct errand *e, uint8_t reason);
/* Another try after a while, ever rarer; false: that is over, or was not asked for. */
bool lasting_try_later(struct errand *e, const char *why);
/* The broker let us in, for the word itself. */
void lasting_came_in(struct errand *e, const struct dialog_event *d);

/* Tokens. The next one, to the broker: on the living connection wherever there is a way [R-REA-01] [R-AZI-07]. */
void lasting_present(struct errand *e, const struct holding *h);
void lasting_presented(struct errand *e);
/* The answer to an upload of the next one. */
void lasting_updated(struct errand *e, uint8_t reason);
/* Goes to a new connection, if that is wanted and nothing is in flight. */
void lasting_move(struct errand *e);
/* The token has ended, and is asked for again as a connection that is lost is: false, that was not asked for, or nobody knows whom to ask. */
bool lasting_start_over(struct errand *e);
/* To a new connection by way of the broker's hint, as soon as nothing is in flight. */
void lasting_move_anew(struct errand *e);
void lasting_not_renewed(struct errand *e, int status, const char *why);
/* Has the token ended, and could not be replaced? Its end is the broker's as well as ours: whoever sees it first, the reason is the same. */
bool lasting_ended(const struct errand *e);
void lasting_no_more_token(struct errand *e);

#endif

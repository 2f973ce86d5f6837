#ifndef SCENARIOS_HTML_H
#define SCENARIOS_HTML_H

#include "scenarios/figure.h"
#include "scenarios/report.h"
#include "scenarios/suite.h"
#include "scenarios/transcript.h"

/*
 * report.html: one file that needs no network. The page (scenarios/page/report.html) is HTML, CSS and a script that draws;
 * it comes with one mark, which is replaced by everything the report holds, as JSON.
 */

/* What stands in the page for the data. */
#define HTML_MARK "\"@REPORT@\""

/* `t`: of the report's runs in their order. `page`: the template. Errors: ERR_MALFORMED (it has no mark), ERR_NO_MEMORY. */
MUST_USE enum err html_write(const struct report *r, const struct suite *s, const struct transcripts *t,
                             struct span page, struct buf *html);

#endif

#include "client/drive.h"
#include "client/words.h"

int main(int argc, char **argv)
{
    struct client_options o = { 0 };
    int status = EXIT_DONE;

    switch (options_parse(argc, argv, &o)) {
    case OPTIONS_RUN:
        status = o.word == WORD_DRIVE ? drive_run(&o.config) : word_run(&o);
        break;
    case OPTIONS_DONE:
        break;
    case OPTIONS_WRONG:
        status = EXIT_USAGE;
        break;
    }
    options_clear(&o);
    return status;
}

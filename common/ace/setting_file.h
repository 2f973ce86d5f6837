#ifndef ACE_SETTING_FILE_H
#define ACE_SETTING_FILE_H

#include "common/ace/jwk.h"

/*
 * Files that a configuration names: as seen from its own folder. `config` is the path of the configuration, `setting` the dotted name of the
 * one that names the file; both are for messages, "config: setting: file: reason".
 */
struct setting_file {
    const char *config, *setting, *name;
};

/* Its content. Errors: those of file_read(), ERR_MALFORMED (it is empty), told in `message`. */
MUST_USE enum err setting_file_read(const struct setting_file *f, struct buf *out, struct buf *message);
/* A private key of type Ed25519 or P-256; key_object_clear() releases. Errors: the same, ERR_MALFORMED. */
MUST_USE enum err setting_file_key(const struct setting_file *f, struct key_object *out, struct buf *message);

#endif

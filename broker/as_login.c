#include "broker/as_login.h"

#include "common/ace/setting_file.h"

#include <stdio.h>

static enum err refuse(const struct as_login *l, const char *config, const char *what, struct buf *message)
{
    buf_format(message, "%s: %s.%s", config, l->name, what);
    return ERR_MALFORMED;
}

static enum err load(const struct as_login *l, const char *config, const char *member, const char *name,
                     struct buf *out, struct buf *message)
{
    char setting[64];
    const struct setting_file f = { config, setting, name };

    snprintf(setting, sizeof setting, "%s.%s", l->name, member);
    return setting_file_read(&f, out, message);
}

static enum err load_password(struct as_login *l, const char *config, struct buf *message)
{
    struct buf text = { 0 };

    if (l->secret && l->secret_file) return refuse(l, config, "secret: not besides secret_file", message);
    if (!l->secret && !l->secret_file)
        return refuse(l, config, "secret: is missing, and so is secret_file", message);
    if (l->secret && !*l->secret) return refuse(l, config, "secret: is empty", message);
    if (l->secret) return secret_set(&l->password, span_str(l->secret));
    TRY(load(l, config, "secret_file", l->secret_file, &text, message));
    struct span rest = buf_span(&text);
    enum err e = secret_set(&l->password, span_cut(&rest, '\n'));
    buf_clear(&text);
    return e == OK && l->password.n == 0
               ? refuse(l, config, "secret_file: no password on its first line", message)
               : e;
}

enum err as_login_load(struct as_login *l, const char *config, struct buf *message)
{
    if (!l->url) return refuse(l, config, "url: is missing", message);
    if (strncmp(l->url, "https://", 8) != 0)
        return refuse(l, config, "url: must be an https:// URL", message);
    if (!l->id) return refuse(l, config, "id: is missing", message);
    TRY(load_password(l, config, message));
    if (!l->ca_file)
        return refuse(l, config, "ca: is missing: the AS's certificate could not be checked", message);
    return load(l, config, "ca", l->ca_file, &l->ca, message);
}

void as_login_clear(struct as_login *l)
{
    buf_clear(&l->ca);
    secret_clear(&l->password);
}

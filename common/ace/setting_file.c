#include "common/ace/setting_file.h"

#include "common/base/file.h"

enum err setting_file_read(const struct setting_file *f, struct buf *out, struct buf *message)
{
    struct buf path = { 0 }, why = { 0 };

    file_beside(f->config, f->name, &path);
    enum err e = buf_failed(&path) ? ERR_NO_MEMORY : file_read(buf_cstr(&path), out, &why);
    if (e == OK && out->n == 0) {
        buf_format(&why, "%s: is empty", f->name);
        e = ERR_MALFORMED;
    }
    if (e != OK && why.n) buf_format(message, "%s: %s: %s", f->config, f->setting, buf_cstr(&why));
    buf_clear(&path);
    buf_clear(&why);
    return e;
}

enum err setting_file_key(const struct setting_file *f, struct key_object *out, struct buf *message)
{
    struct buf text = { 0 };
    struct fault why = { 0 };

    TRY(setting_file_read(f, &text, message));
    enum err e = key_file_read(buf_span(&text), out, &why);
    buf_clear(&text);
    if (e == OK && (!out->key || key_type(out->key) == KEY_OCT || !key_is_private(out->key))) {
        fault_set(&why, 0, "not a private key of type Ed25519 or P-256");
        e = ERR_MALFORMED;
    }
    if (e != OK) buf_format(message, "%s: %s: %s: %s", f->config, f->setting, f->name, why.why);
    return e;
}

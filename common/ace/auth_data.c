#include "common/ace/auth_data.h"

enum err auth_data_parse(struct span in, struct auth_data *out)
{
    struct reader r = reader(in);

    *out = (struct auth_data){ 0 };
    if (in.n == 0) return OK;
    struct span token = read_bin16(&r), proof = read_rest(&r);
    TRY(reader_end(&r));
    if (token.n == 0 && proof.n > 0) return ERR_MALFORMED; /* [R-CONN-17] */
    *out = (struct auth_data){ token, proof };
    return OK;
}

void auth_data_write(const struct auth_data *in, struct buf *out)
{
    buf_bin16(out, in->token);
    buf_add(out, in->proof);
}

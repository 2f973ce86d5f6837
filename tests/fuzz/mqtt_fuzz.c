#include "common/codec/mqtt.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* What decodes must encode, decode again and encode to the same bytes. */
static void round_trip(const struct mqtt_frame *in, enum mqtt_version version)
{
    static struct mqtt_packet first, second;
    struct buf once = { 0 }, twice = { 0 };
    struct mqtt_frame f;
    size_t used;
    enum mqtt_more more;

    if (mqtt_decode(in, version, &first) != OK) return;
    if (mqtt_encode(&first, &once) != OK) __builtin_trap();
    if (mqtt_frame_next(buf_span(&once), SIZE_MAX, &f, &used, &more) != OK || used != once.n)
        __builtin_trap();
    if (mqtt_decode(&f, version, &second) != OK || second.version != first.version) __builtin_trap();
    if (mqtt_encode(&second, &twice) != OK || !span_eq(buf_span(&once), buf_span(&twice))) __builtin_trap();
    buf_clear(&once);
    buf_clear(&twice);
}

/* A stream of packets, each read as 3.1.1 and as 5. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct span in = span(p, n);
    struct mqtt_frame f;
    size_t used;
    enum mqtt_more more;

    while (mqtt_frame_next(in, 65536, &f, &used, &more) == OK && more == MQTT_FRAME_WHOLE) {
        round_trip(&f, MQTT_V311);
        round_trip(&f, MQTT_V5);
        in = span_skip(in, used);
    }
    if (used != 0) __builtin_trap();
    return 0;
}

#include "tests/check.h"
#include "tests/oracle_bed.h"

#include "common/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The recipes of docs/recipes.md that need nothing but what is installed here: they do what they say, as they stand there. */

/* The first block of this kind under this heading, into a file of the demo; its broker's port is the demo's. */
static void take_recipe(struct demo *d, const char *heading, const char *fence, const char *file)
{
    struct buf text = { 0 }, why = { 0 };

    CHECK_ROW(file_read("docs/recipes.md", &text, &why) == OK, heading);
    const char *at = strstr(buf_cstr(&text), heading);
    const char *block = at ? strstr(at, fence) : NULL;
    char *end = block ? strstr(block + strlen(fence), "\n```\n") : NULL;
    CHECK_ROW(end != NULL, heading);
    if (end) {
        end[1] = 0;
        file_put(d->dir, file, block + strlen(fence));
        file_edit(d->dir, file, "8883", d->broker_port, file);
    }
    buf_clear(&text);
    buf_clear(&why);
}

/* How its output ends, and what is among its errors. */
struct told {
    const char *ends, *warns;
};

static bool ends_with(const struct buf *text, const char *end)
{
    size_t n = strlen(end);

    return text->n >= n && memcmp(text->p + text->n - n, end, n) == 0;
}

static void follow(struct demo *d, const char *why, const struct told *t, const char *const *args)
{
    struct child c;

    child_start_foreign(&c, d->dir, "env", args);
    bool fine = child_end(&c) == 0 && ends_with(&c.text[CHILD_OUT], t->ends);
    oracle_told(&c, why, fine && (!t->warns || child_says(&c, CHILD_ERR, t->warns)));
    child_clear(&c);
}

static void mosquitto(void)
{
    struct demo d;
    char bin[4096], path[8192];

    demo_open(&d);
    path_beside(bin, "");
    snprintf(path, sizeof path, "PATH=%s:%s", bin, getenv("PATH"));
    take_recipe(&d, "\n## mosquitto_pub", "\n```sh\n", "recipe.sh");
    follow(&d, "mosquitto_pub and mosquitto_sub",
           &(struct told){ "room/temp 21.5\nroom/temp 21.5\n", "Publish 1 failed: Not authorized." },
           ARGS(path, "sh", "recipe.sh"));
    demo_close(&d);
}

static void mqttjs(void)
{
#define FLOWS "room/# at QoS 1\nroom/temp 21.5\n"
    static const struct row {
        const char *way, *says;
    } rows[] = { { "exporter", FLOWS "door/lock: Publish error: Not authorized\n" },
                 { "challenge", FLOWS "door/lock: Publish error: Not authorized\n" },
                 { "311", FLOWS } };
    const struct row *r;
    struct demo d;
    char modules[4096], link[128];

    demo_open(&d);
    path_beside(modules, "../../oracles/node_modules");
    snprintf(link, sizeof link, "%s/node_modules", d.dir);
    CHECK(symlink(modules, link) == 0);
    take_recipe(&d, "\n## MQTT.js", "\n```js\n", "device.mjs");
    for (EACH_ROW(r, rows))
        follow(&d, r->way, &(struct told){ r->says, NULL }, ARGS("node", "device.mjs", r->way));
    demo_close(&d);
}

CU_TestInfo oracle_recipes_tests[] = {
    { "mosquitto_pub and mosquitto_sub, by the commands of the recipe", mosquitto },
    { "MQTT.js, by the script of the recipe: exporter, challenge, MQTT 3.1.1", mqttjs },
    CU_TEST_INFO_NULL,
};

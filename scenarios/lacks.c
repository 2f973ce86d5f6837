#include "scenarios/lacks.h"

#include "scenarios/demand.h"
#include "scenarios/stranger.h"

static bool lacks_feature(const struct sut *s, const char *name, struct buf *why)
{
    if (s->features & sut_feature(name)) return false;
    buf_format(why, s->probed ? "%s shows no %s" : "%s does not declare %s", s->name, name);
    return true;
}

static bool lacks_setting(const struct sut *s, const struct setting *set, struct buf *why)
{
    if (s->settings || set->role != s->role) return false;
    buf_format(why, "%s does not take the settings of our programs (with)", s->name);
    return true;
}

static bool lacks_step(const struct sut *s, const struct step *x, struct buf *why)
{
    if (x->from.role != s->role) return false;
    if (x->kind == STEP_CLOCK) return lacks_feature(s, "clock", why);
    return x->kind == STEP_VERB && s->role != ROLE_CLIENT && lacks_feature(s, "durable", why);
}

bool sut_lacks(const struct sut *s, const struct variant *v, struct buf *why)
{
    const struct words *needs = &v->scenario->needs;

    if (!s->starts && stranger_lacks(s->role, v, why)) return true;
    for (size_t i = 0; i < needs->count; i++) {
        if (lacks_feature(s, needs->word[i].text, why)) return true;
    }
    const struct feature_def *f;
    for (size_t i = 0; (f = feature_at(i)); i++) {
        if (demand_has(v, s->role, f) && lacks_feature(s, f->name, why)) return true;
    }
    for (size_t i = 0; i < v->settings; i++) {
        if (lacks_setting(s, &v->setting[i], why)) return true;
    }
    for (size_t i = 0; i < v->steps; i++) {
        if (lacks_step(s, &v->step[i], why)) return true;
    }
    return false;
}

#ifndef ACE_SCOPE_H
#define ACE_SCOPE_H

#include "common/ace/labels.h"
#include "common/base/fault.h"

/* AIF-MQTT (RFC 9431 section 2.3, RFC 9237): an array of [topic filter, [permissions]]. Immutable once made. */
enum perm { PERM_PUB = 1, PERM_SUB = 2 };
enum { MAX_SCOPE_ENTRIES = 64 };

struct scope;

/* Which other spellings of a scope are taken; flags. */
enum scope_spelling {
    SCOPE_STRICT = 0,
    SCOPE_LENIENT = 1, /* literal JSON, arrays (A-14) */
    SCOPE_DRAFT02 = 2, /* "publish_a/b subscribe_c/#", the words of draft -02 */
};

/*
 * Makers. All refuse, with ERR_INVALID_SCOPE and a reason: unknown or doubled permission, empty permission list, invalid filter,
 * authz-info, wrong shape, too many entries. ERR_NO_MEMORY.
 */
/* A decoded AIF array (JSON or CBOR). */
MUST_USE enum err scope_from_doc(const struct doc *aif, struct scope **out, struct fault *why);
/* base64url without padding of the JSON array: JWT, JSON parameters, hints. */
MUST_USE enum err scope_from_text(struct span text, enum scope_spelling also, struct scope **out,
                                  struct fault *why);
/* Content of the CBOR byte string: CWT, CBOR parameters. */
MUST_USE enum err scope_from_cbor(struct span cbor, struct scope **out, struct fault *why);
/* A `scope` member wherever it stands: text (as scope_from_text), bytes (as scope_from_cbor) or, lenient, an array. */
MUST_USE enum err scope_from_member(const struct doc *member, enum scope_spelling also, struct scope **out,
                                    struct fault *why);
/* The command line's and the policies' words: "pub:a/b sub:c/# pubsub:d", between spaces; a filter with a space in it needs
 * the literal JSON array, which is understood here too. No words at all make the empty scope. */
MUST_USE enum err scope_from_words(struct span words, struct scope **out, struct fault *why);

/* Filters and permissions (PERM_PUB | PERM_SUB) as they are. */
struct scope_entry {
    struct span filter;
    unsigned perms;
};
MUST_USE enum err scope_from_entries(const struct scope_entry *entries, size_t count, struct scope **out,
                                     struct fault *why);

MUST_USE enum err scope_to_text(const struct scope *s, struct buf *out); /* base64url of compact JSON */
MUST_USE enum err scope_to_cbor(const struct scope *s,
                                struct buf *out); /* the array, without the bstr head */
MUST_USE enum err scope_to_json(const struct scope *s, struct buf *out); /* compact JSON */
struct doc *scope_to_doc(const struct scope *s);
/* A `scope` member in this notation: base64url text or byte string. NULL: no memory. */
struct doc *scope_to_member(const struct scope *s, enum notation n);
/* From now on written as text in the way that `like` was read: a scope in words of draft -02 is one again, as far as its filters have no
 * blank. For scopes that nobody shares yet. */
void scope_spell_like(struct scope *s, const struct scope *like);
MUST_USE enum err scope_to_words(const struct scope *s,
                                 struct buf *out); /* for people; "(nothing)" if empty */

struct scope *scope_ref(struct scope *s);
void scope_free(struct scope *s);

size_t scope_count(const struct scope *s);
struct span scope_filter(const struct scope *s, size_t i);
unsigned scope_perms(const struct scope *s, size_t i);

/*
 * Is `want` granted for this topic name or topic filter? One entry must cover the whole of it (no unions). Never
 * authz-info. `topic` of a subscription is what follows $share/name/. [R-SCOPE-03..08]
 */
bool scope_allows(const struct scope *s, enum perm want, struct span topic);

/* The part of `wanted` that `policy` allows, entry by entry and permission by permission: a wanted filter that one policy
 * entry covers stays as it is; else its meets with all policy entries (topic_meet) take its place, without those that
 * another entry covers already. *narrowed tells whether anything was cut off [R-TOK-37]. ERR_INVALID_SCOPE if nothing is
 * left of a non-empty `wanted` or more than MAX_SCOPE_ENTRIES are; ERR_NO_MEMORY. */
MUST_USE enum err scope_narrow(const struct scope *wanted, const struct scope *policy, struct scope **out,
                               bool *narrowed);

/* Same entries, in any order. */
bool scope_eq(const struct scope *a, const struct scope *b);

#endif

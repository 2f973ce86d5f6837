#include "tests/flow_text.h"

/* Lines 1 and 2; what a row adds begins on line 3. The last line gives the scenario something to prove. */
#define HEAD  "scenario t/x\ntitle T\n"
#define PROOF " broker -> client CONNACK [T-RS-01]\n"
#define LIKE                                                                                               \
    HEAD "A client -> broker CONNECT method=ace\nF broker -> client CONNACK reason=0 [T-RS-01]\nscenario " \
         "t/y\ntitle U\nlike t/x\n"

static const struct row {
    const char *why, *text, *faults;
} rows[] = {
    /* clang-format off */
    { "nothing", "", "" },
    { "comments", "# a\n  # b\n\n", "" },
    { "least", HEAD PROOF, "" },
    { "CR LF", "scenario t/x\r\ntitle T\r\n broker -> client CONNACK [T-RS-01]\r\n", "" },
    { "a filter's # is no comment", HEAD " client -> broker SUBSCRIBE filters=[a/#,b]\n" PROOF, "" },
    { "all kinds of steps", HEAD "A client -> broker CONNECT\n client : publish a/# \"x y\" qos=1\n clock broker +2h\n quiet client2 [T-RS-01]\n"
                                 " client2 ~> broker TLS ems=1 [T-RS-01, T-C-01]\n", "" },

    /* lines */
    { "unknown head", "scenari t/x\n", "1:1: expected scenario, title, vary, needs, tag, tests, with, like, but, then or a step; nearest: scenario" },
    { "head before scenario", "title T\n", "1:1: title stands before the first scenario" },
    { "step before scenario", " client -> broker CONNECT\n", "1:1: a step stands before the first scenario" },
    { "head below steps", HEAD PROOF "tag slow\n", "4:1: tag stands above the steps" },
    { "id", "scenario T\n", "1:10: expected a word of lower-case letters, digits and -" },
    { "text behind id", "scenario a b\n", "1:12: unexpected text after scenario" },
    { "id twice", HEAD PROOF HEAD, "4:10: scenario t/x is already in t.flow:1" },
    { "no title", "scenario t/x\n" PROOF, "1:1: t/x has no title" },
    { "control character", HEAD "a\x01\n", "3:2: control character" },
    { "not UTF-8", HEAD "\xff\n", "3:1: not UTF-8" },
    { "fields below a verb", HEAD PROOF " client : ping\n  a=b\n", "5:3: expected an arrow, `role : verb`, clock or quiet; fields go below their arrow" },
    { "rules alone", HEAD PROOF "  [T-RS-01]\n", "4:3: rules and conditions stand on the line of their fields" },
    { "label taken", HEAD "A broker -> client CONNACK [T-RS-01]\nA client : ping\n", "4:1: label A is taken" },

    /* with */
    { "all kinds of settings", HEAD "vary n=1|2\nwith broker a.b=1 c=true d=\"x \\\" y\" e=HS256 f=$n g=$pop\nwith as h=-1 i=null when n=1\n" PROOF " client -> broker PUBLISH qos=$n\n", "" },
    { "an axis of settings alone", HEAD "vary n=1|2\nwith broker a=$n\n" PROOF, "" },
    { "an axis of their condition alone", HEAD "vary n=1|2\nwith broker a=1 when n=1\n" PROOF, "" },
    { "role of a setting", HEAD "with brokr a=1\n" PROOF, "3:6: expected client, broker or as, not brokr; nearest: broker" },
    { "no setting", HEAD "with broker\n" PROOF, "3:12: expected key=value, the key as in the program's configuration" },
    { "no key", HEAD "with broker =1\n" PROOF, "3:13: expected key=value, the key as in the program's configuration" },
    { "key with an empty part", HEAD "with broker a..b=1\n" PROOF, "3:13: expected key=value, the key as in the program's configuration" },
    { "no value", HEAD "with broker a= b=1\n" PROOF, "3:15: expected a value" },
    { "quote of a setting", HEAD "with broker a=\"x\\\n" PROOF, "3:15: the quote is not closed" },
    { "axis of a setting", HEAD "with broker a=$tsl\n" PROOF, "3:13: tsl is no axis of this scenario" },
    { "name of that axis", HEAD "with broker a=$x.y\n" PROOF, "3:15: expected the name of an axis" },
    { "set twice", HEAD "with broker a=1 b=1 a=2\n" PROOF, "3:21: a is set twice" },
    { "condition of a setting", HEAD "with broker a=1 when n=1\n" PROOF, "3:22: n is no axis of this scenario" },
    { "with below steps", HEAD PROOF "with broker a=1\n", "4:1: with stands above the steps" },

    /* words */
    { "role", HEAD " clint -> broker CONNECT\n", "3:2: expected client, broker or as (or client2..client4), not clint; nearest: client" },
    { "numbered broker", HEAD " client -> broker2 CONNECT\n", "3:12: only clients are numbered" },
    { "message", HEAD " client -> broker CONECT\n", "3:19: unknown message CONECT; nearest: CONNECT" },
    { "wrong way", HEAD PROOF " broker -> client CONNECT\n", "4:2: CONNECT does not go from broker to client" },
    { "no path", HEAD " client -> as POST audience=x\n", "3:20: expected a path like /token after POST" },
    { "TLS by ->", HEAD " client -> broker TLS\n", "3:19: TLS goes with ~>, everything else with ->" },
    { "CONNECT by ~>", HEAD " client ~> broker CONNECT\n", "3:19: TLS goes with ~>, everything else with ->" },
    { "field", HEAD PROOF " client -> broker CONNECT metod=ace\n", "4:27: CONNECT has no field metod; nearest: method" },
    { "x- member", HEAD " client -> as POST /token x-y=1 [T-C-01]\n", "" },
    { "field twice", HEAD PROOF " client -> broker CONNECT method=ace method=ace\n", "4:38: method is there twice" },
    { "user twice", HEAD PROOF " client -> broker CONNECT user=a:b user=c:d\n", "" },
    { "no field", HEAD PROOF "  reason\n", "4:3: expected field=value, field?=value, [rule] or when" },
    { "text behind value", HEAD PROOF "  reason=0)\n", "4:11: unexpected character; quote values that hold | > + ( ) [ ] , : = $ or a blank" },
    { "error in value", HEAD PROOF "  reason=0|\n", "4:12: a value is missing" },
    { "verb", HEAD " client : conect\n", "3:11: unknown verb conect; nearest: connect" },
    { "verb of another role", HEAD PROOF " broker : connect\n", "4:2: broker cannot be told to connect" },
    { "verb option", HEAD PROOF " client : connect tsl=anon\n", "4:19: connect has no option tsl; nearest: tls" },
    { "too few arguments", HEAD PROOF " client : publish\n", "4:2: publish needs an argument: publish TOPIC [PAYLOAD]" },
    { "too many arguments", HEAD PROOF " client : ping a\n", "4:2: too many arguments for ping" },
    { "rule on a verb", HEAD PROOF " client : publish a [T-C-01]\n", "4:21: this line proves no rule: it tells a role what to do" },
    { "rule on a clock", HEAD PROOF " clock broker +1s [T-RS-01]\n", "4:20: this line proves no rule: it tells a role what to do" },
    { "optional argument", HEAD " client : ping a?=b\n", "3:16: an argument is given or not; ?= is for fields" },
    { "clock", HEAD " clock broker 2h\n", "3:15: expected a time like +2h, -30s; units are s m h d" },
    { "clock unit", HEAD " clock broker +2y\n", "3:15: expected a time like +2h, -30s; units are s m h d" },
    { "quiet with fields", HEAD " quiet client a=b\n", "3:15: no fields here" },
    { "feature", "scenario t/x\ntitle T\nneeds rkp\n" PROOF, "3:7: unknown feature rkp; nearest: rpk" },
    { "tests", "scenario t/x\ntitle T\ntests server\n" PROOF, "3:7: expected client, broker or as, not server\n4:28: T-RS-01 is never judged: broker breaks the protocol on purpose in this scenario\n1:1: t/x proves no rule of a role that plays by the rules" },

    /* rules */
    { "unknown rule", HEAD " broker -> client CONNACK [T-RS-09]\n" PROOF, "3:28: unknown rule T-RS-09; nearest: T-RS-01" },
    { "rule of another role", HEAD PROOF " broker -> client CONNACK [T-C-01]\n", "4:28: T-C-01 binds the client; this line shows what the broker does" },
    { "rule of a field", HEAD PROOF "  reason=0 [T-AS-01]\n", "4:13: T-AS-01 binds the as; this line shows what the broker does" },
    { "rule of both", HEAD " client -> broker CONNECT [T-ALL-01]\n", "" },
    { "handshake shows two", HEAD " client ~> broker TLS [T-C-01] [T-RS-01]\n" PROOF, "" },
    { "but not three", HEAD " client ~> broker TLS [T-AS-01]\n" PROOF, "3:24: T-AS-01 binds the as; this line shows what the client, broker does" },
    { "quiet shows the others", HEAD " quiet as [T-AS-01]\n" PROOF, "3:12: T-AS-01 binds the as; this line shows what the client, broker does" },
    { "empty brackets", HEAD " client -> broker CONNECT []\n", "3:27: no rule between the brackets" },
    { "open bracket", HEAD " client -> broker CONNECT [T-C-01\n", "3:27: the bracket is not closed" },
    { "no rule at all", HEAD " client -> broker CONNECT\n", "1:1: t/x proves no rule of a role that plays by the rules" },
    { "never judged", HEAD " client -> broker CONNECT raw=hex(00) [T-C-01]\n" PROOF, "3:40: T-C-01 is never judged: client breaks the protocol on purpose in this scenario" },
    { "not among tests", "scenario t/x\ntitle T\ntests broker\n client -> broker CONNECT [T-C-01]\n" PROOF,
                         "4:28: T-C-01 is never judged: client breaks the protocol on purpose in this scenario" },

    /* checks that cannot fail */
    { "any, always there", HEAD PROOF "  reason=any [T-RS-01]\n", "4:3: this check cannot fail, so it proves nothing: every reason passes" },
    { "any, always there, no rule", HEAD PROOF "  reason=any\n", "4:3: this check cannot fail: every reason passes" },
    { "any, kept", HEAD PROOF "  reason=any>r\n", "" },
    { "any, kept, with a rule", HEAD PROOF "  reason=any>r [T-RS-01]\n", "4:3: this check cannot fail, so it proves nothing: every reason passes" },
    { "present", HEAD PROOF "  method=any [T-RS-01]\n", "" },
    { "any if present", HEAD PROOF "  method?=any\n", "4:3: this check cannot fail: every method passes" },
    { "any among others", HEAD PROOF "  method?=ace|any [T-RS-01]\n", "4:3: this check cannot fail, so it proves nothing: every method passes" },
    { "absent or any", HEAD PROOF "  method=-|any [T-RS-01]\n", "4:3: this check cannot fail, so it proves nothing: every method passes" },
    { "absent if present", HEAD PROOF "  method?=-\n", "4:3: method?=- says: if present, absent; write method=-" },
    { "never absent", HEAD PROOF "  reason=-\n", "4:10: reason cannot be absent" },

    /* values */
    { "reason", HEAD PROOF "  reason=256\n", "4:10: reason: the number is out of range" },
    { "reason word", HEAD PROOF "  reason=0|bad\n", "4:12: reason: expected a number" },
    { "flag", HEAD PROOF "  session_present=2\n", "4:19: session_present: the number is out of range" },
    { "list", HEAD PROOF " client -> broker SUBSCRIBE filters=a\n", "4:37: filters: expected a list like [a,b]" },
    { "pair", HEAD PROOF "  user=a\n", "4:8: user: expected name:value" },
    { "pair elsewhere", HEAD PROOF "  method=a:b\n", "4:10: method: name:value is for user properties; quote text that holds :" },
    { "word", HEAD PROOF " client ~> broker TLS client_auth=rkp\n", "4:35: client_auth: not a word of this field (none|rpk|psk|cert)" },
    { "function word", HEAD PROOF " client ~> broker TLS client_auth=basic(a,b)\n", "4:35: client_auth: not a word of this field (none|rpk|psk|cert)" },
    { "members of text", HEAD PROOF "  method.x=1\n", "4:3: method has no members" },
    { "hex", HEAD PROOF "  data=hex(012)\n", "4:8: hex() takes an even number of digits 0-9 a-f" },
    { "bytes", HEAD PROOF "  data=bytes(a)\n", "4:8: expected a number" },
    { "algorithm", HEAD PROOF " as -> client 200 cnf=key(rsa)\n", "4:23: expected hs256, ed25519, es256 or a key" },

    /* variables */
    { "unbound", HEAD PROOF "  data=$nonce\n", "4:8: $nonce is not bound here: nothing before captures or makes it" },
    { "near", HEAD PROOF "  data=bytes(8)>nonce\n client -> broker AUTH data=$nonse\n", "5:29: $nonse is not bound here: nothing before captures or makes it; nearest: nonce" },
    { "world", HEAD PROOF " client -> as POST /token audience=$broker scope=$scope\n", "" },
    { "left to right", HEAD " client -> broker AUTH data=$n+bytes(8)>n\n" PROOF, "3:29: $n is not bound here: nothing before captures or makes it" },
    { "same line", HEAD PROOF "  data=bytes(8)>n method=$n\n", "" },
    { "only in a variant", "scenario t/x\ntitle T\nvary k=a|b\n broker -> client AUTH data=bytes(8)>n [T-RS-01] when k=a\n client -> broker AUTH data=$n\n",
                           "5:29: $n is not bound here: nothing before captures or makes it" },
    { "members of a capture", HEAD PROOF "  user?=h:json>hint\n  hint.AS=uri\n", "" },
    { "members of nothing", HEAD PROOF "  hint.AS=uri\n", "4:3: hint is neither a field of CONNACK nor captured before" },

    /* axes */
    { "axis", "scenario t/x\ntitle T\nvary k\n" PROOF, "3:6: expected axis=value|value" },
    { "axis value", "scenario t/x\ntitle T\nvary k=a|\n" PROOF, "3:10: expected a value of lower-case letters, digits, . - _ /" },
    { "axis twice", "scenario t/x\ntitle T\nvary k=a k=b\n" PROOF, "3:10: axis k is already there" },
    { "value twice", "scenario t/x\ntitle T\nvary tls=1.2|1.2\n" PROOF, "3:6: axis tls has 1.2 twice" },
    { "world axis value", "scenario t/x\ntitle T\nvary tls=1.3|1.1\n" PROOF, "3:6: axis tls has no value 1.1; nearest: 1.3" },
    { "unused", "scenario t/x\ntitle T\nvary tsl=1.3|1.2\n" PROOF, "3:6: no line uses axis tsl; nearest: tls" },
    { "condition axis", "scenario t/x\ntitle T\nvary tls=1.3|1.2\n client : ping when tsl=1.3\n" PROOF, "4:21: tsl is no axis of this scenario; nearest: tls" },
    { "condition value", "scenario t/x\ntitle T\nvary tls=1.3|1.2\n client : ping when tls=1.1\n" PROOF, "4:21: axis tls has no value 1.1; nearest: 1.3" },
    { "always", "scenario t/x\ntitle T\nvary tls=1.3|1.2\n client : ping when tls=1.3|1.2\n" PROOF, "4:21: this condition always holds" },
    { "never", "scenario t/x\ntitle T\nvary tls=1.3|1.2\n client : ping when tls!=1.3|1.2\n" PROOF, "4:21: this condition never holds" },
    { "no condition", HEAD " client : ping when\n", "3:20: expected axis=value or axis!=value after when" },
    { "too many variants", "scenario t/x\ntitle T\nvary tls=1.3|1.2 pop=hs256|ed25519|es256 token=jwt|cwt|reference enc=json|cbor|form version=5|4 sign=eddsa|es256|hs256 server=cert|rpk\n"
                           PROOF, "1:1: t/x has more than 512 variants" },

    /* derivation */
    { "like", LIKE "but F reason=0x87 [T-RS-01]\n", "" },
    { "like unknown", HEAD "like t/z\n" PROOF, "3:6: unknown scenario t/z; nearest: t/x" },
    { "like itself", HEAD "like t/x\n" PROOF, "3:6: like goes in a circle" },
    { "two likes", LIKE "like t/x\n", "8:6: only one like" },
    { "but without like", HEAD "but F reason=1\n", "3:1: but needs a like" },
    { "but label", LIKE "but G reason=1\n", "8:5: t/x has no step G" },
    { "but field", LIKE "but F reson=1\n", "8:7: CONNACK has no field reson; nearest: reason" },
    { "but when", LIKE "but F reason=1 when tls=1.3\n", "8:21: no when in a but; change the scenario's axes instead" },
    { "but below then", LIKE "then F broker -> client CLOSE [T-RS-01]\nbut A method=-\n", "9:1: but stands above the steps" },
    { "but on what is cut", LIKE "but F reason=1\nthen F broker -> client CLOSE [T-RS-01]\n", "8:5: t/x has no step F" },
    { "then label", LIKE "then f\n", "8:6: expected a label like C2" },
    { "then unknown", LIKE "then G broker -> client CLOSE\n", "8:6: t/x has no step G" },
    { "then no step", LIKE "then F nonsense\n", "8:8: expected a step after the label" },
    { "two thens", LIKE "then F broker -> client CLOSE [T-RS-01]\nthen A client : ping\n", "9:1: only one then" },
    { "label of the base", LIKE "A client : ping\n", "8:3: label A is taken" },
    { "but spoils its role", LIKE "but F reason=0x87\n", "5:1: t/y proves no rule of a role that plays by the rules" },
    { "two errors", HEAD " clint -> broker CONNECT\n client -> broker CONECT\n",
      "3:2: expected client, broker or as (or client2..client4), not clint; nearest: client\n4:19: unknown message CONECT; nearest: CONNECT" },
    /* clang-format on */
};

static void faults(void)
{
    struct buf out = { 0 };
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        const char *got = flow_faults(r->text, &out);
        struct buf why = { 0 };
        buf_format(&why, "%s\n      want %s\n      got  %s", r->why, r->faults, got);
        CHECK_ROW(strcmp(got, r->faults) == 0, buf_cstr(&why));
        buf_clear(&why);
    }
    buf_clear(&out);
}

static void errors_are_bounded(void)
{
    struct suite s;
    struct buf text = { 0 };

    for (int i = 0; i < 2 * MAX_FLOW_ERRORS; i++) buf_str(&text, "nonsense\n");
    CHECK(flow_load(&s, buf_cstr(&text)) == ERR_MALFORMED);
    CHECK(s.flows.errors == MAX_FLOW_ERRORS);
    suite_clear(&s);
    buf_clear(&text);
}

static const struct limit {
    const char *why, *head, *again;
    int times;
    const char *fault;
} limits[] = {
    { "steps", HEAD, " client : ping\n", MAX_STEPS + 1, "503:1: more than 500 steps" },
    { "fields", HEAD " client -> broker CONNECT", " user=a:b", MAX_FIELDS + 1,
      "3:927: more than 100 fields" },
    { "axes", HEAD "vary a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1 m=1 n=1 o=1 p=1", " q=1", 1,
      "3:70: more than 16 axes" },
    { "values", HEAD "vary a=1", "|1", MAX_AXIS_VALUES, "3:72: more than 32 values" },
};

static void limits_hold(void)
{
    struct buf text = { 0 }, out = { 0 };
    const struct limit *r;

    for (EACH_ROW(r, limits)) {
        buf_truncate(&text, 0);
        buf_str(&text, r->head);
        for (int i = 0; i < r->times; i++) buf_str(&text, r->again);
        const char *got = flow_faults(buf_cstr(&text), &out);
        CHECK_ROW(strncmp(got, r->fault, strlen(r->fault)) == 0, got);
    }
    buf_clear(&text);
    buf_clear(&out);
}

static void too_large(void)
{
    struct flows f = { 0 };
    struct buf text = { 0 };
    uint8_t *p = buf_room(&text, MAX_FLOW_FILE + 1);

    memset(p, '\n', text.n);
    CHECK(flows_parse(&f, "t.flow", buf_span(&text)) == ERR_TOO_LARGE);
    CHECK(flows_parse(&f, "t.flow", span(text.p, MAX_FLOW_FILE)) == OK);
    flows_clear(&f);
    buf_clear(&text);
}

CU_TestInfo flow_lint_tests[] = {
    { "faults", faults },
    { "errors are bounded", errors_are_bounded },
    { "limits hold", limits_hold },
    { "too large", too_large },
    CU_TEST_INFO_NULL,
};

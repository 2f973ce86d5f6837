#include "scenarios/vocab.h"

#include "common/base/nearest.h"
#include "common/codec/mqtt.h"

#include <stdio.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

enum {
    C_TO_B = ARROW(ROLE_CLIENT, ROLE_BROKER),
    B_TO_C = ARROW(ROLE_BROKER, ROLE_CLIENT),
    C_TO_A = ARROW(ROLE_CLIENT, ROLE_AS),
    A_TO_C = ARROW(ROLE_AS, ROLE_CLIENT),
    B_TO_A = ARROW(ROLE_BROKER, ROLE_AS),
    A_TO_B = ARROW(ROLE_AS, ROLE_BROKER),
    MQTT_BOTH = C_TO_B | B_TO_C,
    ASKS_AS = C_TO_A | B_TO_A,
    AS_SAYS = A_TO_C | A_TO_B,
    EVERYONE = MQTT_BOTH | ASKS_AS | AS_SAYS,
    CLIENT = 1 << ROLE_CLIENT,
    BROKER = 1 << ROLE_BROKER,
    AS = 1 << ROLE_AS,
};

static const char *const role_names[ROLE_COUNT] = { "client", "broker", "as" };

/* clang-format off */
#define HEAD(word, type, note, doc)   { word, FIELD_##type, note, 0, NULL, doc }
#define PROP(word, type, id, doc)     { word, FIELD_##type, FIELD_PROP, PROP_##id, NULL, doc }
#define WILLP(word, type, id, doc)    { word, FIELD_##type, 0, PROP_##id, NULL, doc }
#define BODY(word, type, doc)         { word, FIELD_##type, FIELD_BODY, 0, NULL, doc }
#define USER                          { "user", FIELD_PAIR, FIELD_PROP | FIELD_REPEATS, PROP_USER, NULL, "User Property, name:value" }
#define END                           { NULL, FIELD_INT, 0, 0, NULL, NULL }

static const struct field_def raw_fields[] = {
    HEAD("raw",             RAW,    0,            "these octets instead of the whole packet (HTTP: of the body)"),
    HEAD("append",          RAW,    0,            "these octets behind the packet (HTTP: behind the body); lengths stay"),
    END
};

static const struct field_def connect_fields[] = {
    HEAD("protocol",        TEXT,   FIELD_ALWAYS, "protocol name, MQTT"),
    HEAD("version",         INT,    FIELD_ALWAYS, "protocol level: 5 or 4 (3.1.1); the world axis `version` if not given"),
    HEAD("clean_start",     FLAG,   FIELD_ALWAYS, "Clean Start, in 3.1.1 Clean Session"),
    HEAD("keep_alive",      INT,    FIELD_ALWAYS, "seconds"),
    HEAD("client_id",       TEXT,   FIELD_ALWAYS, "Client Identifier"),
    HEAD("username",        TEXT,   0,            "User Name"),
    HEAD("password",        BYTES,  0,            "Password"),
    HEAD("will_topic",      TEXT,   0,            "Will Topic; absent: no Will"),
    HEAD("will_payload",    BYTES,  0,            "Will Payload"),
    HEAD("will_qos",        INT,    0,            "Will QoS"),
    HEAD("will_retain",     FLAG,   0,            "Will Retain"),
    WILLP("will_delay",     INT,    WILL_DELAY,   "Will Delay Interval, seconds"),
    WILLP("will_expiry",    INT,    MESSAGE_EXPIRY, "Message Expiry Interval of the Will, seconds"),
    WILLP("will_content_type", TEXT, CONTENT_TYPE, "Content Type of the Will"),
    WILLP("will_response_topic", TEXT, RESPONSE_TOPIC, "Response Topic of the Will"),
    WILLP("will_correlation", BYTES, CORRELATION, "Correlation Data of the Will"),
    PROP("method",          TEXT,   AUTH_METHOD,  "Authentication Method"),
    PROP("data",            BYTES,  AUTH_DATA,    "Authentication Data"),
    PROP("session_expiry",  INT,    SESSION_EXPIRY, "Session Expiry Interval, seconds"),
    PROP("receive_max",     INT,    RECEIVE_MAXIMUM, "Receive Maximum"),
    PROP("max_packet",      INT,    MAXIMUM_PACKET, "Maximum Packet Size, bytes"),
    PROP("topic_alias_max", INT,    TOPIC_ALIAS_MAXIMUM, "Topic Alias Maximum"),
    PROP("request_response", FLAG,  REQUEST_RESPONSE, "Request Response Information"),
    PROP("request_problem", FLAG,   REQUEST_PROBLEM, "Request Problem Information"),
    USER, END
};

static const struct field_def connack_fields[] = {
    HEAD("session_present", FLAG,   FIELD_ALWAYS, "Session Present"),
    HEAD("reason",          REASON, FIELD_ALWAYS, "Reason Code, in 3.1.1 the return code"),
    PROP("method",          TEXT,   AUTH_METHOD,  "Authentication Method"),
    PROP("data",            BYTES,  AUTH_DATA,    "Authentication Data"),
    PROP("session_expiry",  INT,    SESSION_EXPIRY, "Session Expiry Interval, seconds"),
    PROP("receive_max",     INT,    RECEIVE_MAXIMUM, "Receive Maximum"),
    PROP("max_qos",         INT,    MAXIMUM_QOS,  "Maximum QoS"),
    PROP("retain_available", FLAG,  RETAIN_AVAILABLE, "Retain Available"),
    PROP("max_packet",      INT,    MAXIMUM_PACKET, "Maximum Packet Size, bytes"),
    PROP("assigned_client_id", TEXT, ASSIGNED_CLIENT_ID, "Assigned Client Identifier"),
    PROP("topic_alias_max", INT,    TOPIC_ALIAS_MAXIMUM, "Topic Alias Maximum"),
    PROP("reason_string",   TEXT,   REASON_STRING, "Reason String"),
    PROP("wildcard_available", FLAG, WILDCARD_AVAILABLE, "Wildcard Subscription Available"),
    PROP("sub_id_available", FLAG,  SUBSCRIPTION_ID_AVAILABLE, "Subscription Identifiers Available"),
    PROP("shared_available", FLAG,  SHARED_AVAILABLE, "Shared Subscription Available"),
    PROP("server_keep_alive", INT,  SERVER_KEEP_ALIVE, "Server Keep Alive, seconds"),
    PROP("response_info",   TEXT,   RESPONSE_INFO, "Response Information"),
    PROP("server_reference", TEXT,  SERVER_REFERENCE, "Server Reference"),
    USER, END
};

static const struct field_def publish_fields[] = {
    HEAD("topic",           TEXT,   FIELD_ALWAYS, "Topic Name"),
    HEAD("payload",         BYTES,  FIELD_ALWAYS, "Payload"),
    HEAD("qos",             INT,    FIELD_ALWAYS, "QoS"),
    HEAD("retain",          FLAG,   FIELD_ALWAYS, "RETAIN"),
    HEAD("dup",             FLAG,   FIELD_ALWAYS, "DUP"),
    HEAD("id",              INT,    0,            "Packet Identifier"),
    PROP("payload_format",  INT,    PAYLOAD_FORMAT, "Payload Format Indicator"),
    PROP("message_expiry",  INT,    MESSAGE_EXPIRY, "Message Expiry Interval, seconds"),
    PROP("topic_alias",     INT,    TOPIC_ALIAS,  "Topic Alias"),
    PROP("response_topic",  TEXT,   RESPONSE_TOPIC, "Response Topic"),
    PROP("correlation",     BYTES,  CORRELATION,  "Correlation Data"),
    PROP("content_type",    TEXT,   CONTENT_TYPE, "Content Type"),
    { "sub_id", FIELD_INT, FIELD_PROP | FIELD_REPEATS, PROP_SUBSCRIPTION_ID, NULL, "Subscription Identifier" },
    USER, END
};

static const struct field_def ack_fields[] = {
    HEAD("id",              INT,    FIELD_ALWAYS, "Packet Identifier; that of the packet answered if not given"),
    HEAD("reason",          REASON, FIELD_ALWAYS, "Reason Code"),
    PROP("reason_string",   TEXT,   REASON_STRING, "Reason String"),
    USER, END
};

static const struct field_def subscribe_fields[] = {
    HEAD("id",              INT,    FIELD_ALWAYS, "Packet Identifier"),
    HEAD("filters",         LIST,   FIELD_ALWAYS, "Topic Filters in order"),
    HEAD("qos",             INT,    FIELD_ALWAYS, "Maximum QoS, of every filter"),
    HEAD("no_local",        FLAG,   FIELD_ALWAYS, "No Local, of every filter"),
    HEAD("retain_as_published", FLAG, FIELD_ALWAYS, "Retain As Published, of every filter"),
    HEAD("retain_handling", INT,    FIELD_ALWAYS, "Retain Handling, of every filter"),
    PROP("sub_id",          INT,    SUBSCRIPTION_ID, "Subscription Identifier"),
    USER, END
};

static const struct field_def suback_fields[] = {
    HEAD("id",              INT,    FIELD_ALWAYS, "Packet Identifier"),
    HEAD("codes",           LIST,   FIELD_ALWAYS, "Reason Codes in the order of the filters"),
    PROP("reason_string",   TEXT,   REASON_STRING, "Reason String"),
    USER, END
};

static const struct field_def unsubscribe_fields[] = {
    HEAD("id",              INT,    FIELD_ALWAYS, "Packet Identifier"),
    HEAD("filters",         LIST,   FIELD_ALWAYS, "Topic Filters in order"),
    USER, END
};

static const struct field_def disconnect_fields[] = {
    HEAD("reason",          REASON, FIELD_ALWAYS, "Reason Code"),
    PROP("session_expiry",  INT,    SESSION_EXPIRY, "Session Expiry Interval, seconds"),
    PROP("reason_string",   TEXT,   REASON_STRING, "Reason String"),
    PROP("server_reference", TEXT,  SERVER_REFERENCE, "Server Reference"),
    USER, END
};

static const struct field_def auth_fields[] = {
    HEAD("reason",          REASON, FIELD_ALWAYS, "Reason Code: 0x00 success, 0x18 continue, 0x19 re-authenticate"),
    PROP("method",          TEXT,   AUTH_METHOD,  "Authentication Method"),
    PROP("data",            BYTES,  AUTH_DATA,    "Authentication Data"),
    PROP("reason_string",   TEXT,   REASON_STRING, "Reason String"),
    USER, END
};

static const struct field_def tls_fields[] = {
    { "client_auth", FIELD_WORD, FIELD_ALWAYS, 0, "none|rpk|psk|cert", "what the client shows: none, rpk($key), psk(identity,key), cert" },
    { "server_auth", FIELD_WORD, FIELD_ALWAYS | FIELD_PEER, 0, "cert|rpk|psk", "what the server shows" },
    { "rs_key", FIELD_KEY, FIELD_PEER, 0, NULL, "the key the server proves, certificate or raw; rs_cnf" },
    { "cert", FIELD_WORD, FIELD_PEER, 0, "expired|early|other-name", "what is wrong with the certificate that a puppet shows" },
    { "identity", FIELD_BYTES, 0, 0, NULL, "PSK identity" },
    { "version", FIELD_TEXT, FIELD_ALWAYS, 0, NULL, "1.3 or 1.2; the world axis `tls` if not given" },
    { "ems", FIELD_FLAG, FIELD_ALWAYS, 0, NULL, "Extended Master Secret; 1 in TLS 1.3" },
    { "alpn", FIELD_TEXT, 0, 0, NULL, "application protocol" },
    { "sni", FIELD_TEXT, 0, 0, NULL, "server name" },
    { "resumed", FIELD_FLAG, FIELD_ALWAYS, 0, NULL, "a resumed session" },
    { "early_data", FIELD_FLAG, FIELD_ALWAYS, 0, NULL, "0-RTT data was sent" },
    { "cipher", FIELD_TEXT, 0, 0, NULL, "suite, IANA name" },
    { "group", FIELD_TEXT, 0, 0, NULL, "key exchange group" },
    { "exporter", FIELD_BYTES, 0, 0, NULL, "exporter octets (RFC 9431 2.2.4.2); bytes(32)>name keeps them" },
    { "alert", FIELD_INT, FIELD_PEER, 0, NULL, "the handshake fails with this alert of the server" },
    { "client_alert", FIELD_INT, 0, 0, NULL, "the handshake fails with this alert of the client" },
    END
};

static const struct field_def request_fields[] = {
    { "auth", FIELD_WORD, 0, 0, "none|basic|rpk|cert", "how the caller authenticates: none, basic or basic(id,secret), rpk($key), cert" },
    HEAD("authorization",   TEXT,   0,            "Authorization header as it is"),
    HEAD("content_type",    TEXT,   0,            "Content-Type; the media type of the world axis `enc` if not given"),
    HEAD("accept",          TEXT,   0,            "Accept"),
    HEAD("prefer",          TEXT,   0,            "Prefer: wait=N, seconds an answer may take"),
    HEAD("query",           TEXT,   0,            "query part of the target"),
    HEAD("host",            TEXT,   FIELD_ALWAYS, "Host"),
    HEAD("body",            BYTES,  0,            "the whole body; - : empty"),
    END
};

static const struct field_def token_request_fields[] = {
    BODY("grant_type",      JSON,   "grant type as its word, also from CBOR"),
    BODY("client_id",       JSON,   "client identifier"),
    BODY("client_secret",   JSON,   "client secret"),
    BODY("audience",        JSON,   "the broker meant"),
    BODY("scope",           SCOPE,  "requested scope"),
    BODY("req_cnf",         KEY,    "the client's key"),
    BODY("ace_profile",     JSON,   "\"\" (CBOR null) asks for the profile"),
    BODY("cnonce",          JSON,   "the broker's cnonce"),
    BODY("refresh_token",   JSON,   "refresh token"),
    BODY("token_type",      JSON,   "token type"),
    BODY("response_type",   JSON,   "response type"),
    BODY("redirect_uri",    JSON,   "redirect URI"),
    BODY("code",            JSON,   "authorization code"),
    BODY("state",           JSON,   "state"),
    BODY("username",        JSON,   "user name (password grant)"),
    BODY("password",        JSON,   "password (password grant)"),
    END
};

static const struct field_def introspect_fields[] = {
    BODY("token",           TOKEN,  "the token asked about"),
    BODY("token_type_hint", JSON,   "token type hint"),
    BODY("client_id",       JSON,   "caller's identifier"),
    BODY("client_secret",   JSON,   "caller's secret"),
    END
};

static const struct field_def trl_query_fields[] = {
    BODY("diff",            JSON,   "a diff query for so many updates; 0: all"),
    BODY("cursor",          JSON,   "those behind this one"),
    END
};

static const struct field_def response_fields[] = {
    HEAD("status",          INT,    FIELD_ALWAYS, "HTTP status, for the words 2xx, 4xx, 5xx"),
    HEAD("content_type",    TEXT,   0,            "Content-Type"),
    HEAD("cache_control",   TEXT,   0,            "Cache-Control"),
    HEAD("pragma",          TEXT,   0,            "Pragma"),
    HEAD("www_authenticate", TEXT,  0,            "WWW-Authenticate"),
    HEAD("allow",           TEXT,   0,            "Allow"),
    HEAD("location",        TEXT,   0,            "Location"),
    HEAD("retry_after",     TEXT,   0,            "Retry-After"),
    HEAD("body",            BYTES,  0,            "the whole body; - : empty"),
    END
};

static const struct field_def answer_fields[] = {
    BODY("access_token",    TOKEN,  "the token"),
    BODY("token_type",      JSON,   "token type as its word, also from CBOR; compared without case"),
    BODY("expires_in",      JSON,   "seconds"),
    BODY("scope",           SCOPE,  "granted scope"),
    BODY("ace_profile",     JSON,   "profile as its word, also from CBOR"),
    BODY("cnf",             KEY,    "PoP key"),
    BODY("rs_cnf",          KEY,    "the broker's key"),
    BODY("refresh_token",   JSON,   "refresh token"),
    BODY("error",           JSON,   "error as its word, also from CBOR"),
    BODY("error_description", JSON, "error text"),
    BODY("error_uri",       JSON,   "error page"),
    BODY("active",          JSON,   "true or false"),
    BODY("iss",             JSON,   "issuer"),
    BODY("sub",             JSON,   "subject"),
    BODY("aud",             JSON,   "audience"),
    BODY("exp",             JSON,   "expiry, seconds since the epoch"),
    BODY("nbf",             JSON,   "not before"),
    BODY("iat",             JSON,   "issued at"),
    BODY("jti",             JSON,   "token identifier"),
    BODY("cti",             JSON,   "token identifier (CWT)"),
    BODY("exi",             JSON,   "expires in, counted by the broker"),
    BODY("cnonce",          JSON,   "cnonce"),
    BODY("client_id",       JSON,   "client identifier"),
    BODY("username",        JSON,   "user name"),
    BODY("issuer",          JSON,   "metadata: issuer"),
    BODY("token_endpoint",  JSON,   "metadata: token endpoint"),
    BODY("introspection_endpoint", JSON, "metadata: introspection endpoint"),
    BODY("jwks_uri",        JSON,   "metadata: key set"),
    BODY("grant_types_supported", JSON, "metadata: grant types"),
    BODY("keys",            JSON,   "key set"),
    BODY("full_set",        JSON,   "hashes of revoked tokens: listed($token), base64url"),
    BODY("diff_set",        JSON,   "updates of that list, the latest first: [[removed,added],...]"),
    BODY("cursor",          JSON,   "the latest update, or null"),
    BODY("more",            JSON,   "true: there are further updates"),
    BODY("trl_error",       JSON,   "error-id of a problem with that list"),
    END
};

static const struct field_def extra_member = BODY("x-...", JSON, "any other body member whose name starts with x-");

#define REQUEST(word, path, arrows, body) { MESSAGE_REQUEST, word, path, 0, arrows, { request_fields, body, raw_fields } }
#define ANSWER(code)                      { MESSAGE_RESPONSE, #code, NULL, code, AS_SAYS, { response_fields, answer_fields, raw_fields } }
#define ANSWERS(word)                     { MESSAGE_RESPONSE, word, NULL, 0, AS_SAYS, { response_fields, answer_fields, raw_fields } }
#define PACKET(type, arrows, table)       { MESSAGE_MQTT, #type, NULL, MQTT_##type, arrows, { table, raw_fields, NULL } }

static const struct message messages[] = {
    REQUEST("POST",   "/token",      C_TO_A,  token_request_fields),
    REQUEST("POST",   "/introspect", ASKS_AS, introspect_fields),
    REQUEST("POST",   "/revoke", ASKS_AS, introspect_fields),
    REQUEST("POST",   NULL,          ASKS_AS, token_request_fields),
    REQUEST("GET",    "/revoke/trl", ASKS_AS, trl_query_fields),
    REQUEST("GET",    NULL,          ASKS_AS, token_request_fields),
    REQUEST("PUT",    NULL,          ASKS_AS, token_request_fields),
    REQUEST("DELETE", NULL,          ASKS_AS, token_request_fields),
    ANSWER(200), ANSWER(201), ANSWER(204), ANSWER(400), ANSWER(401), ANSWER(403), ANSWER(404), ANSWER(405), ANSWER(406),
    ANSWER(408), ANSWER(411), ANSWER(413), ANSWER(414), ANSWER(415), ANSWER(429), ANSWER(431), ANSWER(500), ANSWER(501),
    ANSWER(503), ANSWERS("2xx"), ANSWERS("4xx"), ANSWERS("5xx"),
    { MESSAGE_TLS, "TLS", NULL, 0, C_TO_B | ASKS_AS, { tls_fields } },
    PACKET(CONNECT,     C_TO_B,    connect_fields),
    PACKET(CONNACK,     B_TO_C,    connack_fields),
    PACKET(PUBLISH,     MQTT_BOTH, publish_fields),
    PACKET(PUBACK,      MQTT_BOTH, ack_fields),
    PACKET(PUBREC,      MQTT_BOTH, ack_fields),
    PACKET(PUBREL,      MQTT_BOTH, ack_fields),
    PACKET(PUBCOMP,     MQTT_BOTH, ack_fields),
    PACKET(SUBSCRIBE,   C_TO_B,    subscribe_fields),
    PACKET(SUBACK,      B_TO_C,    suback_fields),
    PACKET(UNSUBSCRIBE, C_TO_B,    unsubscribe_fields),
    PACKET(UNSUBACK,    B_TO_C,    suback_fields),
    { MESSAGE_MQTT, "PINGREQ", NULL, MQTT_PINGREQ, C_TO_B, { raw_fields } },
    { MESSAGE_MQTT, "PINGRESP", NULL, MQTT_PINGRESP, B_TO_C, { raw_fields } },
    PACKET(DISCONNECT,  MQTT_BOTH, disconnect_fields),
    PACKET(AUTH,        MQTT_BOTH, auth_fields),
    { MESSAGE_CLOSE, "CLOSE", NULL, 0, EVERYONE, { NULL } },
};

static const struct verb verbs[] = {
    { "get-token",     CLIENT, 0, 0, "as|audience|scope|pop|auth|cnonce|profile|kid|enc", "ask the AS for a token and keep it" },
    { "connect",       CLIENT, 0, 0, "tls|mqtt|pop|identity|token|version|clean_start|client_id|session_expiry|keep_alive|receive_max|"
                                     "max_packet|topic_alias_max|will_topic|will_payload|will_qos|will_retain|will_delay|"
                                     "username|password", "connect to the broker: tls=anon|rpk|psk|cert mqtt=ace|none pop=exporter|challenge" },
    { "publish-token", CLIENT, 0, 0, "qos|retain", "publish the token to authz-info" },
    { "publish",       CLIENT, 1, 2, "qos|retain|message_expiry|topic_alias|content_type|response_topic", "publish TOPIC [PAYLOAD]" },
    { "subscribe",     CLIENT, 1, VERB_MANY, "qos|no_local|retain_handling|sub_id", "subscribe FILTER..." },
    { "unsubscribe",   CLIENT, 1, VERB_MANY, NULL, "unsubscribe FILTER..." },
    { "reauth",        CLIENT, 0, 0, "token", "present the newest token on the live connection (AUTH 0x19)" },
    { "ping",          CLIENT, 0, 0, NULL, "send PINGREQ" },
    { "disconnect",    CLIENT, 0, 0, "reason|session_expiry", "send DISCONNECT and close" },
    { "drop",          CLIENT, 0, 0, NULL, "close the connection without DISCONNECT" },
    { "forget",        CLIENT, 0, 0, NULL, "forget tokens and keys" },
    { "stop",          BROKER | AS, 0, 0, NULL, "stop the process" },
    { "start",         BROKER | AS, 0, 0, NULL, "start it again" },
    { "restart",       BROKER | AS, 0, 0, NULL, "stop and start: what was promised to last must be there" },
    { "revoke",        CLIENT, 0, 0, NULL, "tell the AS that the token held is to be of no use any more" },
};

static const struct function_def functions[FN_COUNT] = {
    [FN_ANY]    = { "any",    0, 0, NULL,  FN_TESTS, "whatever it is, but present" },
    [FN_BYTES]  = { "bytes",  0, 2, NULL,  FN_MAKES | FN_TESTS, "bytes(n): n octets (made: random); bytes(low,high): so many" },
    [FN_TEXT]   = { "text",   0, 2, NULL,  FN_TESTS, "UTF-8 text, not empty; text(low,high): bytes long" },
    [FN_INT]    = { "int",    0, 2, NULL,  FN_TESTS, "a number; int(low,high): between, both included" },
    [FN_AHEAD]  = { "ahead",  2, 2, NULL,  FN_TESTS, "a time, as seconds since 1970: ahead(low,high) seconds from now, both included" },
    [FN_URI]    = { "uri",    0, 0, NULL,  FN_TESTS, "an absolute URI" },
    [FN_JSON]   = { "json",   0, 0, NULL,  FN_TESTS, "one JSON object; captured, its members are $name.member" },
    [FN_KEY]    = { "key",    0, 1, "kid|alg|key_ops", FN_MAKES | FN_TESTS, "key or key(hs256|ed25519|es256): a key (made: fresh; without "
                                           "argument of the world axis pop)" },
    [FN_TOKEN]  = { "token",  0, 1, "iss|sub|aud|exp|nbf|iat|jti|cti|scope|cnf|kid|alg|enc|typ|cty|crit|sign|form|ace_profile|cnonce|exi|jwk|x|tag",
                                    FN_MAKES | FN_TESTS, "token(key or algorithm): a valid token bound to that key; see below for named" },
    [FN_POP]    = { "pop",    2, 2, "alg", FN_MAKES | FN_TESTS, "pop(key,input): MAC or signature over the input" },
    [FN_LEN16]  = { "len16",  1, 1, NULL,  FN_MAKES | FN_TESTS, "two-byte length, then the argument" },
    [FN_FLIP]   = { "flip",   1, 2, NULL,  FN_MAKES | FN_SPOILS, "flip(x): last bit of x turned; flip(x,n): bit n, counted from the first" },
    [FN_CUT]    = { "cut",    1, 2, NULL,  FN_MAKES | FN_SPOILS, "cut(x): x without its last octet; cut(x,n): without the last n" },
    [FN_HEX]    = { "hex",    1, 1, NULL,  FN_MAKES | FN_TESTS, "octets as hexadecimal digits" },
    [FN_B64]    = { "b64",    1, 1, NULL,  FN_MAKES | FN_TESTS, "base64url of the argument, without padding" },
    [FN_REPEAT] = { "repeat", 2, 2, NULL,  FN_MAKES | FN_TESTS, "repeat(x,n): x n times" },
    [FN_DER]    = { "der",    1, 1, NULL,  FN_MAKES | FN_SPOILS, "der(x): the 64 octets of an ES256 signature in DER" },
    [FN_NOT]    = { "not",    1, 1, NULL,  FN_TESTS, "present, and not this" },
    [FN_STARTS] = { "starts", 1, 1, NULL,  FN_TESTS, "begins with the argument" },
    [FN_RPK]    = { "rpk",    1, 1, NULL,  FN_MAKES | FN_TESTS, "client_auth, auth: raw public key" },
    [FN_PSK]    = { "psk",    2, 2, NULL,  FN_MAKES | FN_TESTS, "client_auth: psk(identity,key)" },
    [FN_CERT]   = { "cert",   1, 1, NULL,  FN_MAKES | FN_TESTS, "client_auth, auth: certificate of this key" },
    [FN_IDENTITY] = { "identity", 2, 2, NULL, FN_MAKES | FN_TESTS, "identity(key,cbor|json): PSK identity that names this key by kid" },
    [FN_DERIVED] = { "derived", 1, 1, NULL, FN_MAKES | FN_TESTS, "derived(token): the key that AS and broker derive from this token" },
    [FN_X5T]    = { "x5t",    0, 1, NULL,  FN_MAKES | FN_TESTS, "rs_cnf: the thumbprint of the broker's certificate; x5t(other): of a stranger's, x5t(renewed): of another for the same key" },
    [FN_B64KEY] = { "b64key", 1, 1, NULL,  FN_MAKES | FN_SPOILS, "b64key(key): cnf with a symmetric key whose k is padded base64, as once was usual" },
    [FN_LISTED] = { "listed", 1, 1, NULL, FN_MAKES | FN_TESTS, "listed(token): what the list of revoked tokens calls a token that came in the notation `enc`" },
    [FN_BASIC]  = { "basic",  2, 2, NULL,  FN_MAKES | FN_TESTS, "auth: HTTP Basic with basic(id,secret)" },
};

static const struct axis_def axes[] = {
    { "pop",     "hs256|ed25519|es256",  "algorithm of the PoP key" },
    { "token",   "jwt|cwt|reference",    "form of the token the AS hands out" },
    { "carry",   "token|cnf|derived",    "how a symmetric PoP key gets to the broker: in an encrypted token, encrypted in cnf, derived from the token" },
    { "derived_len", "32|16|64",         "octets of a derived key" },
    { "enc",     "json|cbor|form",       "notation on the AS legs" },
    { "tls",     "1.3|1.2",              "TLS version" },
    { "version", "5|4",                  "MQTT version: 5.0, 3.1.1" },
    { "sign",    "eddsa|es256|hs256",    "how the AS protects tokens" },
    { "server",  "cert|rpk",             "what the broker shows in TLS" },
    { "known_by", "key|cert",            "what the AS knows of the broker: its key, or its certificate only" },
};

static const struct world_variable variables[] = {
    { "broker",       FIELD_TEXT,  "audience of the broker" },
    { "other_broker", FIELD_TEXT,  "audience of another broker the AS knows; no process" },
    { "as",           FIELD_TEXT,  "absolute URI of the token endpoint" },
    { "issuer",       FIELD_TEXT,  "issuer name of the AS" },
    { "client",       FIELD_TEXT,  "the client's identifier at the AS" },
    { "secret",       FIELD_TEXT,  "the client's secret at the AS" },
    { "client_key",   FIELD_KEY,   "the client's key known to the AS" },
    { "client_id",    FIELD_TEXT,  "Client Identifier of the connection" },
    { "scope",        FIELD_SCOPE, "the scope last asked for by get-token" },
    { "rs_cnf",       FIELD_KEY,   "the key the broker is registered with" },
    { "exporter",     FIELD_BYTES, "32 exporter octets of the connection the step runs on" },
    { "bare_exporter", FIELD_BYTES, "the same without a context, which is other octets in TLS 1.2" },
};

static const struct feature_def features[] = {
    { "exporter",      "proof over the TLS exporter" },
    { "challenge",     "proof over nonces" },
    { "authz-info",    "token upload by PUBLISH" },
    { "rpk",           "raw public keys in TLS" },
    { "psk",           "pre-shared keys in TLS" },
    { "tls12",         "TLS 1.2" },
    { "mqtt311",       "MQTT 3.1.1" },
    { "hs256",         "HS256 proofs" },
    { "ed25519",       "Ed25519 proofs" },
    { "es256",         "ES256 proofs" },
    { "jwt",           "JWT access tokens" },
    { "cwt",           "CWT access tokens" },
    { "introspection", "tokens by reference, introspected" },
    { "revocation",    "revocation of tokens" },
    { "cbor",          "application/ace+cbor on the AS legs" },
    { "form",          "form-encoded requests on the AS legs" },
    { "discovery",     "AS creation hints" },
    { "cnonce",        "cnonce in hints and tokens" },
    { "exi",           "tokens with exi" },
    { "reauth",        "re-authentication" },
    { "session",       "sessions that outlive a connection" },
    { "durable",       "state that outlives a restart" },
    { "will",          "Will messages" },
    { "retain",        "retained messages" },
    { "wildcard",      "wildcard subscriptions" },
    { "shared",        "shared subscriptions" },
    { "topic-alias",   "topic aliases" },
    { "public-topics", "topics open to anonymous clients" },
    { "clock",         "the process takes clock steps" },
};
/* clang-format on */

const char *role_name(enum role r)
{
    return role_names[r];
}

const struct message *message_find(struct span word, struct span path)
{
    const struct message *general = NULL;

    for (size_t i = 0; i < COUNT(messages); i++) {
        const struct message *m = &messages[i];
        if (!span_is(word, m->word)) continue;
        if (!m->path) general = m;
        if (m->path && span_is(path, m->path)) return m;
    }
    return general;
}

const struct field_def *message_field(const struct message *m, struct span name)
{
    for (size_t t = 0; t < MAX_FIELD_TABLES; t++) {
        for (const struct field_def *f = m->fields[t]; f && f->name; f++) {
            if (span_is(name, f->name)) return f;
        }
    }
    bool has_body = m->kind == MESSAGE_REQUEST || m->kind == MESSAGE_RESPONSE;
    return has_body && name.n > 2 && span_starts(name, span_str("x-")) ? &extra_member : NULL;
}

const struct verb *verb_find(struct span word)
{
    for (size_t i = 0; i < COUNT(verbs); i++) {
        if (span_is(word, verbs[i].word)) return &verbs[i];
    }
    return NULL;
}

const struct function_def *function_def(enum function f)
{
    return &functions[f];
}

enum function function_find(struct span word)
{
    enum function f = 0;

    while (f < FN_COUNT && !span_is(word, functions[f].word)) f++;
    return f;
}

const struct axis_def *axis_find(struct span name)
{
    for (size_t i = 0; i < COUNT(axes); i++) {
        if (span_is(name, axes[i].name)) return &axes[i];
    }
    return NULL;
}

const struct axis_def *axis_at(size_t i)
{
    return i < COUNT(axes) ? &axes[i] : NULL;
}

const struct world_variable *world_variable(struct span name)
{
    for (size_t i = 0; i < COUNT(variables); i++) {
        if (span_is(name, variables[i].name)) return &variables[i];
    }
    return NULL;
}

const struct feature_def *feature_find(struct span name)
{
    for (size_t i = 0; i < COUNT(features); i++) {
        if (span_is(name, features[i].name)) return &features[i];
    }
    return NULL;
}

const struct message *message_at(size_t i)
{
    return i < COUNT(messages) ? &messages[i] : NULL;
}

const struct verb *verb_at(size_t i)
{
    return i < COUNT(verbs) ? &verbs[i] : NULL;
}

const struct world_variable *world_variable_at(size_t i)
{
    return i < COUNT(variables) ? &variables[i] : NULL;
}

const struct feature_def *feature_at(size_t i)
{
    return i < COUNT(features) ? &features[i] : NULL;
}

bool words_next(const char **words, struct span *out)
{
    const char *p = *words;

    if (!p || !*p) return false;
    size_t n = strcspn(p, "|");
    *out = span(p, n);
    *words = p[n] ? p + n + 1 : p + n;
    return true;
}

bool words_have(const char *words, struct span word)
{
    struct span w;

    while (words_next(&words, &w)) {
        if (span_eq(w, word)) return true;
    }
    return false;
}

enum { MAX_NAMES = 128 };

struct names {
    size_t count;
    const char *name[MAX_NAMES];
};

static void names_add(struct names *n, const char *name)
{
    if (n->count < MAX_NAMES) n->name[n->count++] = name;
}

#define ADD_ALL(names, table, member) \
    for (size_t i_ = 0; i_ < COUNT(table); i_++) names_add(names, (table)[i_].member)

static void names_gather(enum vocabulary v, struct names *n)
{
    switch (v) {
    case WORDS_ROLES:
        for (size_t i = 0; i < ROLE_COUNT; i++) names_add(n, role_names[i]);
        break;
    case WORDS_MESSAGES:
        ADD_ALL(n, messages, word);
        break;
    case WORDS_VERBS:
        ADD_ALL(n, verbs, word);
        break;
    case WORDS_FUNCTIONS:
        ADD_ALL(n, functions, word);
        break;
    case WORDS_AXES:
        ADD_ALL(n, axes, name);
        break;
    case WORDS_VARIABLES:
        ADD_ALL(n, variables, name);
        break;
    case WORDS_FEATURES:
        ADD_ALL(n, features, name);
        break;
    }
}

const char *vocab_nearest(enum vocabulary v, struct span word)
{
    struct names n = { 0 };

    names_gather(v, &n);
    return nearest_name(word, n.name, n.count);
}

const char *vocab_nearest_field(const struct message *m, struct span name)
{
    struct names n = { 0 };

    for (size_t t = 0; t < MAX_FIELD_TABLES; t++) {
        for (const struct field_def *f = m->fields[t]; f && f->name; f++) names_add(&n, f->name);
    }
    return nearest_name(name, n.name, n.count);
}

const char *vocab_nearest_word(const char *words, struct span word, char out[MAX_WORD])
{
    char text[MAX_NAMES][MAX_WORD];
    struct names n = { 0 };
    struct span w;

    while (n.count < MAX_NAMES && words_next(&words, &w)) {
        snprintf(text[n.count], MAX_WORD, "%.*s", (int)w.n, (const char *)w.p);
        names_add(&n, text[n.count]);
    }
    const char *best = nearest_name(word, n.name, n.count);
    if (!best) return NULL;
    snprintf(out, MAX_WORD, "%s", best);
    return out;
}

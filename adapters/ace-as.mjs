// A small ACE authorization server in Node on npm's jose: JSON only, tokens as JWT. It is what somebody might write who has read RFC 9200
// and 9431 once; the report tells what is missing.
//   node ace-as.mjs as.json
import { CompactEncrypt, CompactSign, importJWK } from 'jose';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:https';
import { b64u, bytes, config, fromB64u, json, listen, pemOf, ready } from './kit.mjs';

const PROFILE = 'mqtt_tls';
const lifetime = config.token.lifetime;
const signer = json(config.token.signing_key);
const now = () => Math.floor(Date.now() / 1000);

class Refusal extends Error {
    constructor(error, status = 400) {
        super(error);
        this.status = status;
    }
}

const same = (a, b) => Buffer.byteLength(a) === Buffer.byteLength(b) && timingSafeEqual(Buffer.from(a), Buffer.from(b));

function clientOf(headers) {
    const [scheme, login = ''] = (headers.authorization ?? '').split(' ');
    const [id, secret = ''] = Buffer.from(login, 'base64').toString().split(':');
    const client = /^basic$/i.test(scheme) && config.clients.find((c) => c.id === id);
    if (!client || !same(client.secret ?? '', secret)) throw new Refusal('invalid_client', 401);
    if (client.enabled === false) throw new Refusal('unauthorized_client');
    if (client.profiles && !client.profiles.includes(PROFILE)) throw new Refusal('incompatible_ace_profiles');
    return client;
}

// "pubsub:a/# pub:p/#"
const policyOf = (words) => words.split(' ').map((w) => ({
    filter: w.slice(w.indexOf(':') + 1),
    perms: w.startsWith('pubsub:') ? ['pub', 'sub'] : [w.slice(0, 3)],
}));

function covers(outer, inner) {
    const [o, i] = [outer.split('/'), inner.split('/')];
    for (let n = 0; n < o.length; n++) {
        if (o[n] === '#') return true;
        if (i[n] === undefined || i[n] === '#' || (o[n] !== '+' && o[n] !== i[n])) return false;
    }
    return o.length === i.length;
}

function readScope(text) {
    let scope;
    try {
        scope = JSON.parse(fromB64u(text));
    } catch {
        throw new Refusal('invalid_scope');
    }
    const good = Array.isArray(scope) && scope.every((e) => Array.isArray(e) && typeof e[0] === 'string' &&
        e[0] !== '' && Array.isArray(e[1]) && e[1].every((p) => p === 'pub' || p === 'sub'));
    if (!good) throw new Refusal('invalid_scope');
    return scope;
}

function grant(scope, client, audience) {
    const rules = config.policies.filter((p) => p.client === client.id && p.audience === audience).flatMap((p) => policyOf(p.allow));
    const granted = scope
        .map(([filter, perms]) => [filter, perms.filter((p) => rules.some((r) => r.perms.includes(p) && covers(r.filter, filter)))])
        .filter(([, perms]) => perms.length);
    if (!granted.length) throw new Refusal('invalid_scope');
    return granted;
}

// The key that the token is bound to: one of the client's own, registered, or a new symmetric one.
function keyFor(request, client) {
    const named = request.req_cnf?.jwk;
    if (request.req_cnf && !named) throw new Refusal('invalid_request');
    if (!named) return { jwk: { kty: 'oct', k: b64u(randomBytes(32)), alg: 'HS256', kid: b64u(randomBytes(8)) }, fresh: true };
    if (named.kty === 'oct') throw new Refusal('invalid_request');
    const own = (client.keys ?? []).map(json).find((k) => k.x === named.x && k.y === named.y && k.crv === named.crv);
    if (!own) throw new Refusal('invalid_request');
    return { jwk: own, fresh: false };
}

async function seal(claims, broker, secret) {
    const text = Buffer.from(JSON.stringify(claims));
    if (secret) {
        const shared = json(broker.shared_key);
        return new CompactEncrypt(text)
            .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: 'JWT', kid: shared.kid })
            .encrypt(fromB64u(shared.k));
    }
    const alg = signer.kty === 'OKP' ? 'EdDSA' : 'ES256';
    return new CompactSign(text).setProtectedHeader({ alg, typ: 'JWT', kid: signer.kid }).sign(await importJWK(signer, alg));
}

async function token(request, headers) {
    const client = clientOf(headers);
    if (request.grant_type && request.grant_type !== 'client_credentials') throw new Refusal('unsupported_grant_type');
    const audience = request.audience ?? client.default_audience;
    const broker = config.brokers.find((b) => b.audience === audience);
    if (!broker) throw new Refusal('invalid_request');
    if (!request.scope && !client.default_scope) throw new Refusal('invalid_scope');
    const asked = request.scope ? readScope(request.scope) : policyOf(client.default_scope).map((r) => [r.filter, r.perms]);
    const scope = grant(asked, client, audience);
    const { jwk, fresh } = keyFor(request, client);
    const claims = { iss: config.issuer, sub: client.id, aud: audience, iat: now(), exp: now() + lifetime, scope: b64u(JSON.stringify(scope)), cnf: { jwk } };
    if (request.cnonce) claims.cnonce = request.cnonce;
    return {
        access_token: await seal(claims, broker, fresh),
        token_type: 'PoP',
        expires_in: lifetime,
        ...(fresh && { cnf: { jwk } }),
        ...('ace_profile' in request && { ace_profile: PROFILE }),
        ...(!fresh && broker.keys && { rs_cnf: { jwk: json(broker.keys[0]) } }),
        ...(JSON.stringify(scope) !== JSON.stringify(asked) && { scope: b64u(JSON.stringify(scope)) }),
    };
}

async function read(req) {
    let text = '';
    for await (const piece of req) {
        text += piece;
        if (text.length > 65536) throw new Refusal('invalid_request', 413);
    }
    try {
        const body = JSON.parse(text);
        if (body && typeof body === 'object' && !Array.isArray(body)) return body;
    } catch { /* told below */ }
    throw new Refusal('invalid_request');
}

async function answer(req, res) {
    const reply = (status, body, more = {}) =>
        res.writeHead(status, { 'content-type': 'application/ace+json', 'cache-control': 'no-store', pragma: 'no-cache', ...more }).end(JSON.stringify(body));
    try {
        if (req.url !== '/token') return reply(404, { error: 'invalid_request' });
        if (req.method !== 'POST') return reply(405, { error: 'invalid_request' }, { allow: 'POST' });
        if (!/^application\/(ace\+)?json\b/.test(req.headers['content-type'] ?? '')) throw new Refusal('invalid_request', 415);
        reply(200, await token(await read(req), req.headers));
    } catch (e) {
        const status = e.status ?? 500;
        reply(status, { error: e.status ? e.message : 'server_error' }, status === 401 ? { 'www-authenticate': 'Basic realm="token"' } : {});
    }
}

const server = createServer({ cert: bytes(config.tls.certificate), key: pemOf(json(config.tls.key)) }, answer);
server.listen(config.listen.port, config.listen.host, () => ready({ port: server.address().port }));
listen(() => {});

// What client adapters share: a token from the AS, asked for in JSON (RFC 9200, 5.8).
import { once } from 'node:events';
import { request } from 'node:https';
import { b64u, bytes, config, fromB64u, json, refused, unsupported } from './kit.mjs';

async function post(url, body) {
    const login = Buffer.from(`${config.client.id}:${config.client.secret}`).toString('base64');
    const req = request(url, {
        method: 'POST',
        ca: bytes(config.as.ca),
        headers: { 'content-type': 'application/ace+json', accept: 'application/ace+json', authorization: `Basic ${login}` },
    });
    req.end(JSON.stringify(body));
    const [res] = await once(req, 'response');
    let text = '';
    for await (const piece of res) text += piece;
    const said = JSON.parse(text || '{}');
    if (res.statusCode >= 300) throw refused(res.statusCode, said.error);
    return said;
}

export const ownKey = (pop) =>
    config.client.keys.map((name) => json(name)).find((k) => (pop === 'ed25519' ? k.kty === 'OKP' : k.kty === 'EC'));

export const publicOf = ({ kty, crv, x, y, kid }) => ({ kty, crv, x, ...(y && { y }), ...(kid && { kid }) });

// The flow language says a scope as ["filter",["pub"],...], or as a list of such pairs.
function aifOf(scope) {
    if (typeof scope === 'string') return unsupported('a scope in words');
    if (Array.isArray(scope[0])) return scope;
    return scope.filter((_, i) => i % 2 === 0).map((filter, i) => [filter, scope[2 * i + 1]]);
}

// For the client's own key, or for one that the AS makes: what it granted. `cnf` and `rsCnf` are JWKs.
export async function requestToken({ scope, audience, enc = 'json', as, kid, cnonce }, own) {
    if (enc !== 'json' || as || kid || cnonce) unsupported('only plain JSON requests to the AS it knows');
    const answer = await post(config.as.url, {
        audience: audience ?? config.token.audience,
        ...(scope && { scope: b64u(JSON.stringify(aifOf(scope))) }),
        ...(own && { req_cnf: { jwk: publicOf(own) } }),
    });
    if (!/^pop$/i.test(answer.token_type ?? 'pop')) throw new Error('this is no PoP token');
    if (answer.ace_profile && answer.ace_profile !== 'mqtt_tls') throw new Error('the token is for another profile');
    if (!(answer.expires_in > 0)) throw new Error('nobody knows when this token ends');
    return {
        token: Buffer.from(answer.access_token),
        cnf: answer.cnf?.jwk,
        rsCnf: answer.rs_cnf?.jwk,
        rsKid: answer.rs_cnf?.kid,
        ends: Date.now() + answer.expires_in * 1000,
        own,
    };
}

// The octets of a symmetric key.
export function secretOf(jwk) {
    if (jwk?.kty !== 'oct') throw new Error('the AS gave no symmetric key');
    if (jwk.alg && jwk.alg !== 'HS256') throw new Error('the key is for another algorithm');
    return fromB64u(jwk.k);
}

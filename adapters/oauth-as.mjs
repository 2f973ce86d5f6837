// A plain OAuth 2.0 server: client credentials in a form, a bearer token in the answer. It has never heard of ACE.
//   node oauth-as.mjs as.json
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import { b64u, bytes, config, json, listen, pemOf, ready } from './kit.mjs';

async function answer(req, res) {
    const reply = (status, body, more = {}) =>
        res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...more }).end(JSON.stringify(body));
    let text = '';
    for await (const piece of req) text = (text + piece).slice(0, 65536);
    if (req.url !== '/token' || req.method !== 'POST') return reply(404, { error: 'not_found' });
    const [, login = ''] = (req.headers.authorization ?? '').split(' ');
    const [id, secret] = Buffer.from(login, 'base64').toString().split(':');
    if (!config.clients.some((c) => c.id === id && c.secret === secret && c.enabled !== false))
        return reply(401, { error: 'invalid_client' }, { 'www-authenticate': 'Basic realm="oauth"' });
    if (new URLSearchParams(text).get('grant_type') !== 'client_credentials') return reply(400, { error: 'unsupported_grant_type' });
    reply(200, { access_token: b64u(randomBytes(24)), token_type: 'Bearer', expires_in: config.token.lifetime });
}

const server = createServer({ cert: bytes(config.tls.certificate), key: pemOf(json(config.tls.key)) }, answer);
server.listen(config.listen.port, config.listen.host, () => ready({ port: server.address().port }));
listen(() => {});

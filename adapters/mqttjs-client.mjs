// MQTT.js and npm's jose as an ACE client: a device that somebody could write in an afternoon, without a line of ours.
//   node mqttjs-client.mjs client.json
import mqtt from 'mqtt';
import { calculateJwkThumbprint } from 'jose';
import { createHash, createHmac, createPrivateKey, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { b64u, bytes, config, drive, fromB64u, json, ready, refused, say, unsupported } from './kit.mjs';

const CONTINUE = 0x18, REAUTHENTICATE = 0x19;
const ca = bytes(config.broker.ca);
let held;      // {token, prove, rsCnf, ends}: what the AS gave last
let client;    // MQTT.js, while it is connected
let awaited;   // of a re-authentication: how it ended

// --- the authorization server ---

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

const algs = {
    ed25519: { alg: 'EdDSA', prove: (key) => (octets) => sign(null, octets, key) },
    es256: { alg: 'ES256', prove: (key) => (octets) => sign('sha256', octets, { key, dsaEncoding: 'ieee-p1363' }) },
};

const ownKey = (pop) =>
    config.client.keys.map((name) => json(name)).find((k) => (pop === 'ed25519' ? k.kty === 'OKP' : k.kty === 'EC'));

const publicOf = ({ kty, crv, x, y, kid }) => ({ kty, crv, x, ...(y && { y }), ...(kid && { kid }) });

async function bind(answer, own, pop) {
    if (answer.cnf?.jwk?.kty === 'oct') {
        const secret = fromB64u(answer.cnf.jwk.k);
        if (answer.cnf.jwk.alg && answer.cnf.jwk.alg !== 'HS256') throw new Error('the key is for another algorithm');
        return (octets) => createHmac('sha256', secret).update(octets).digest();
    }
    if (!own) throw new Error('the AS gave no key, and none was named');
    const named = answer.cnf?.jwk;
    if (named && (await calculateJwkThumbprint(named)) !== (await calculateJwkThumbprint(publicOf(own))))
        throw new Error('the answer is about another key');
    return algs[pop].prove(createPrivateKey({ key: own, format: 'jwk' }));
}

// The flow language says a scope as ["filter",["pub"],...], or as a list of such pairs.
function aifOf(scope) {
    if (typeof scope === 'string') return unsupported('a scope in words');
    if (Array.isArray(scope[0])) return scope;
    return scope.filter((_, i) => i % 2 === 0).map((filter, i) => [filter, scope[2 * i + 1]]);
}

async function getToken({ scope, pop = 'hs256', audience, enc = 'json', as, kid, cnonce }) {
    if (enc !== 'json' || as || kid || cnonce) unsupported('only plain JSON requests to the AS it knows');
    if (pop !== 'hs256' && !algs[pop]) unsupported(pop);
    const own = pop === 'hs256' ? null : ownKey(pop);
    const answer = await post(config.as.url, {
        audience: audience ?? config.token.audience,
        ...(scope && { scope: b64u(JSON.stringify(aifOf(scope))) }),
        ...(own && { req_cnf: { jwk: publicOf(own) } }),
    });
    if (!/^pop$/i.test(answer.token_type ?? 'pop')) throw new Error('this is no PoP token');
    if (answer.ace_profile && answer.ace_profile !== 'mqtt_tls') throw new Error('the token is for another profile');
    if (!(answer.expires_in > 0)) throw new Error('nobody knows when this token ends');
    const prove = await bind(answer, own, pop);
    held = { token: Buffer.from(answer.access_token), prove, rsCnf: answer.rs_cnf, ends: Date.now() + answer.expires_in * 1000 };
    return { ends: Math.floor(held.ends / 1000) };
}

// --- TLS ---

const thumb = (jwk) => createHash('sha256').update(JSON.stringify([jwk.kty, jwk.crv, jwk.x, jwk.y])).digest('hex');

async function openTls() {
    const version = config.tls?.version ? `TLSv${config.tls.version}` : undefined;
    const named = held?.rsCnf?.jwk;
    const socket = connectTls({
        host: config.broker.host,
        port: config.broker.port,
        ca,
        ALPNProtocols: ['mqtt'],
        ...(version && { minVersion: version, maxVersion: version }),
    });
    await once(socket, 'secureConnect');
    const shown = socket.getPeerX509Certificate().publicKey.export({ format: 'jwk' });
    if (named && thumb(shown) !== thumb(named)) {
        socket.destroy();
        throw new Error("the broker's key is not the one in rs_cnf");
    }
    return socket;
}

// --- MQTT ---

const length16 = (octets) => {
    const n = Buffer.alloc(2);
    n.writeUInt16BE(octets.length);
    return Buffer.concat([n, octets]);
};

const ace = (authenticationData) => ({
    authenticationMethod: 'ace',
    ...(authenticationData && { authenticationData }),
});

const exporter = (socket) => socket.exportKeyingMaterial(32, 'EXPORTER-ACE-MQTT-Sign-Challenge', Buffer.alloc(0));

function answerChallenge(packet, done) {
    const nonce = packet.properties?.authenticationData;
    if (packet.reasonCode !== CONTINUE) {
        awaited?.resolve(); // AUTH 0x00: the new token counts
        return done();
    }
    if (packet.properties?.authenticationMethod !== 'ace' || nonce?.length !== 8)
        return done(new Error('a challenge that is none'));
    const own = randomBytes(8);
    const data = Buffer.concat([own, held.prove(Buffer.concat([nonce, own]))]);
    done(null, { cmd: 'auth', reasonCode: CONTINUE, properties: ace(data) });
}

// In MQTT 3.1.1 token and proof are user name and password.
function credentials(socket, step) {
    const version = Number(step.version ?? (config.mqtt.version === '311' ? 4 : 5));
    if (step.mqtt === 'none') return { protocolVersion: version };
    if (step.token === 'none') return { protocolVersion: 5, properties: ace() };
    if (!held || held.ends < Date.now()) throw new Error('no token that is good now');
    if (version === 4)
        return {
            protocolVersion: 4,
            username: `ace${b64u(held.token)}`,
            password: held.prove(exporter(socket)),
        };
    const proof = step.pop === 'challenge' ? Buffer.alloc(0) : held.prove(exporter(socket));
    return { protocolVersion: 5, properties: ace(Buffer.concat([length16(held.token), proof])) };
}

function options(socket, step) {
    const { properties, ...login } = credentials(socket, step);
    const more = {
        ...(step.session_expiry !== undefined && { sessionExpiryInterval: Number(step.session_expiry) }),
        ...(step.receive_max !== undefined && { receiveMaximum: Number(step.receive_max) }),
        ...(step.max_packet !== undefined && { maximumPacketSize: Number(step.max_packet) }),
    };
    return {
        ...login,
        clientId: step.client_id ?? config.mqtt.client_id,
        clean: step.clean_start === undefined || Number(step.clean_start) !== 0,
        keepalive: Number(step.keep_alive ?? 60),
        reconnectPeriod: 0,
        ...((properties || Object.keys(more).length) && { properties: { ...properties, ...more } }),
        ...(step.will_topic && {
            will: {
                topic: step.will_topic,
                payload: Buffer.from(step.will_payload ?? ''),
                qos: Number(step.will_qos ?? 0),
                retain: Number(step.will_retain ?? 0) !== 0,
                ...(step.will_delay && { properties: { willDelayInterval: Number(step.will_delay) } }),
            },
        }),
    };
}

function follow(c) {
    c.handleAuth = answerChallenge;
    c.on('message', (topic, payload, packet) =>
        say({ event: 'message', topic, payload: payload.toString(), qos: packet.qos, retain: packet.retain }));
    c.on('disconnect', (packet) => {
        say({ event: 'disconnected', reason: packet.reasonCode });
        awaited?.reject(refused(packet.reasonCode));
    });
    c.on('error', () => {}); // told where it is awaited
    c.on('close', () => {
        if (client === c) client = undefined;
        awaited?.reject(new Error('disconnected: the broker hung up'));
        say({ event: 'closed', reason: '' });
    });
}

async function connect(step) {
    if (step.tls && step.tls !== 'anon') unsupported(`tls=${step.tls}`);
    if (client) unsupported('a second connection');
    const socket = await openTls();
    const c = new mqtt.MqttClient(() => socket, options(socket, step));
    follow(c);
    await new Promise((done, fail) => {
        c.once('connect', done);
        c.once('error', (e) => fail(e.code >= 1 && e.code < 256 ? refused(e.code, e.message.split(': ')[1]) : e));
        c.once('close', () => fail(new Error('disconnected: the broker hung up')));
    });
    client = c;
}

const connected = () => client ?? (() => { throw new Error('there is no connection'); })();

// What a verb waits for, or the end of the connection, whichever comes first.
function outcome(work) {
    const c = connected();
    return new Promise((done, fail) => {
        const gone = () => fail(new Error('disconnected: the broker hung up'));
        c.once('close', gone);
        work(c, (e, packet) => {
            c.off('close', gone);
            if (e && e.code >= 0x80 && e.code < 256) fail(refused(e.code, e.message.split(': ')[1]));
            else if (e) fail(e);
            else done(packet);
        });
    });
}

async function publish(topic, payload, step) {
    const packet = await outcome((c, done) =>
        c.publish(topic, payload, { qos: Number(step.qos ?? 0), retain: Number(step.retain ?? 0) !== 0 }, done));
    return { reason: packet?.reasonCode ?? 0 };
}

const verbs = {
    'get-token': getToken,
    connect,
    publish: (step) => publish(step.topic ?? step.args[0], step.payload ?? step.args[1] ?? '', step),
    'publish-token': (step) => publish('authz-info', held.token, { qos: 1, ...step }),

    async subscribe(step) {
        const filters = step.filters ?? (step.filter ? [step.filter] : step.args);
        const wanted = Object.fromEntries(filters.map((f) => [f, { qos: Number(step.qos ?? 0), nl: Number(step.no_local ?? 0) !== 0, rh: Number(step.retain_handling ?? 0) }]));
        // A refused filter is no error here: the codes tell.
        let codes;
        const hear = (packet) => { if (packet.cmd === 'suback') codes = packet.granted; };
        connected().on('packetreceive', hear);
        try {
            await outcome((c, done) => c.subscribe(wanted, (e) => done(codes ? null : e)));
        } finally {
            client?.off('packetreceive', hear);
        }
        return { codes };
    },
    unsubscribe: async (step) => {
        await outcome((c, done) => c.unsubscribe(step.filters ?? step.args, done));
        return {};
    },

    async reauth() {
        const ended = new Promise((resolve, reject) => { awaited = { resolve, reject }; });
        connected()._sendPacket({ cmd: 'auth', reasonCode: REAUTHENTICATE, properties: ace(length16(held.token)) });
        try {
            await ended;
        } finally {
            awaited = undefined;
        }
    },

    async ping() {
        const c = connected();
        const pong = new Promise((done) => {
            const hear = (packet) => {
                if (packet.cmd !== 'pingresp') return;
                c.off('packetreceive', hear);
                done();
            };
            c.on('packetreceive', hear);
        });
        c._sendPacket({ cmd: 'pingreq' });
        await pong;
    },

    async disconnect(step) {
        const c = connected();
        await c.endAsync(false, step.reason ? { reasonCode: Number(step.reason) } : {});
    },
    async drop() {
        const c = connected();
        const end = once(c, 'close');
        c.stream.destroy();
        await end;
    },
    async forget() {
        held = undefined;
    },
};

drive(verbs, () => client?.stream.destroy());
ready({ role: 'client', version: 1, features: ['exporter', 'challenge', 'authz-info', 'reauth', 'mqtt311'] });

// MQTT.js and npm's jose as an ACE client: a device that somebody could write in an afternoon, without a line of ours.
//   node mqttjs-client.mjs client.json
import mqtt from 'mqtt';
import { calculateJwkThumbprint } from 'jose';
import { createHash, createHmac, createPrivateKey, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { b64u, bytes, config, drive, ready, refused, say, unsupported } from './kit.mjs';
import { ownKey, publicOf, requestToken, secretOf } from './token.mjs';

const CONTINUE = 0x18, REAUTHENTICATE = 0x19;
const ca = bytes(config.broker.ca);
let held;      // what the AS gave last, and `prove`
let client;    // MQTT.js, while it is connected
let awaited;   // of a re-authentication: how it ended

// --- the authorization server ---

const proofs = {
    ed25519: (key) => (octets) => sign(null, octets, key),
    es256: (key) => (octets) => sign('sha256', octets, { key, dsaEncoding: 'ieee-p1363' }),
};

async function bind({ cnf, own }, pop) {
    if (cnf?.kty === 'oct') {
        const secret = secretOf(cnf);
        return (octets) => createHmac('sha256', secret).update(octets).digest();
    }
    if (!own) throw new Error('the AS gave no key, and none was named');
    if (cnf && (await calculateJwkThumbprint(cnf)) !== (await calculateJwkThumbprint(publicOf(own))))
        throw new Error('the answer is about another key');
    return proofs[pop](createPrivateKey({ key: own, format: 'jwk' }));
}

async function getToken({ pop = 'hs256', ...step }) {
    if (pop !== 'hs256' && !proofs[pop]) unsupported(pop);
    const own = pop === 'hs256' ? null : ownKey(pop);
    const granted = await requestToken(step, own);
    held = { ...granted, prove: await bind(granted, pop) };
    return { ends: Math.floor(held.ends / 1000) };
}

// --- TLS ---

const thumb = (jwk) => createHash('sha256').update(JSON.stringify([jwk.kty, jwk.crv, jwk.x, jwk.y])).digest('hex');

async function openTls() {
    const version = config.tls?.version ? `TLSv${config.tls.version}` : undefined;
    const named = held?.rsCnf;
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

// An unmodified MQTT.js as device: gets its token from ace-as over HTTPS, proves its key to ace-broker over MQTT 5. Run in the folder of a
// demo. Exit status 0: all was as RFC 9431 has it; 1: it was not, with what.
//   mqtt.mjs VERB KEY PROOF [TLS-VERSION]      KEY: hs256 or ed25519; PROOF: exporter or challenge
//     exchange     messages flow within the token's scope, and only there
//     impostor     the right token with another key's proof
//     replay       Authentication Data of one TLS connection, sent again in another
//     reauth       AUTH 0x19 with another token: its scope counts from then on, on the same connection
//     imposed      AUTH 0x19, the challenge answered with another key
import mqtt from 'mqtt';
import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:tls';

const [verb, keyKind, proofKind, tlsVersion = 'TLSv1.3'] = process.argv.slice(2);
const json = (file) => JSON.parse(readFileSync(file, 'utf8'));
const config = json('sensor.json');
const ca = readFileSync('ca.pem');
const [NOT_AUTHORIZED, CONTINUE, REAUTHENTICATE] = [0x87, 0x18, 0x19];

// --- the authorization server ---

async function post(url, headers, body) {
    const req = request(url, { method: 'POST', ca, headers });
    req.end(body);
    const [res] = await once(req, 'response');
    let text = '';
    for await (const piece of res) text += piece;
    assert.equal(res.statusCode, 200, text);
    return JSON.parse(text);
}

// {token, prove(bytes), rsCnf}: what the AS gave for this scope, and how to prove its key.
async function getToken(topic) {
    const own = json('client1-ed25519.jwk');
    const { kty, crv, x } = own;
    const body = {
        audience: config.token.audience,
        scope: Buffer.from(JSON.stringify([[topic, ['pub', 'sub']]])).toString('base64url'),
        ...(keyKind === 'ed25519' && { req_cnf: { jwk: { kty, crv, x } } }),
    };
    const login = Buffer.from(`${config.client.id}:${config.client.secret}`).toString('base64');
    const got = await post(
        config.as.url,
        { 'content-type': 'application/ace+json', authorization: `Basic ${login}` },
        JSON.stringify(body)
    );
    const prove =
        keyKind === 'ed25519' ? ed25519(own) : hs256(Buffer.from(got.cnf.jwk.k, 'base64url'));
    return { token: Buffer.from(got.access_token), prove, rsCnf: got.rs_cnf };
}

function ed25519(jwk) {
    const key = createPrivateKey({ key: jwk, format: 'jwk' });
    return (bytes) => sign(null, bytes, key);
}

function hs256(secret) {
    return (bytes) => createHmac('sha256', secret).update(bytes).digest();
}

const anotherKey = () => (keyKind === 'ed25519' ? ed25519(json('client2-ed25519.jwk')) : hs256(randomBytes(32)));

// --- TLS, and the proof that hangs on it ---

// With rs_cnf the broker's key must be the one it names [R-BAUTH-03].
async function openTls(rsCnf) {
    const { host, port } = config.broker;
    const socket = connect({ host, port, ca, minVersion: tlsVersion, maxVersion: tlsVersion });
    await once(socket, 'secureConnect');
    assert.equal(socket.getProtocol(), tlsVersion);
    if (rsCnf) {
        const { x, y } = socket.getPeerX509Certificate().publicKey.export({ format: 'jwk' });
        assert.deepEqual({ x, y }, { x: rsCnf.jwk.x, y: rsCnf.jwk.y });
    }
    return socket;
}

function withLength(token) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(token.length);
    return Buffer.concat([length, token]);
}

function exporterData(socket, { token, prove }) {
    const exported = socket.exportKeyingMaterial(32, 'EXPORTER-ACE-MQTT-Sign-Challenge', Buffer.alloc(0));
    return Buffer.concat([withLength(token), prove(exported)]);
}

// --- MQTT.js ---

const ace = (authenticationData) => ({ authenticationMethod: 'ace', authenticationData });

// The client answers each challenge with `holder.key`, which may change.
function start(socket, data, holder) {
    const client = new mqtt.MqttClient(() => socket, {
        protocolVersion: 5,
        clientId: `oracle-${randomBytes(4).toString('hex')}`,
        reconnectPeriod: 0,
        properties: ace(data),
    });
    client.handleAuth = (packet, done) => {
        if (packet.reasonCode !== CONTINUE) {
            client.emit('authenticated');
            return done();
        }
        const nonces = Buffer.concat([packet.properties.authenticationData, randomBytes(8)]);
        assert.equal(nonces.length, 16);
        const answer = Buffer.concat([nonces.subarray(8), holder.prove(nonces)]);
        done(null, { cmd: 'auth', reasonCode: CONTINUE, properties: ace(answer) });
    };
    return client;
}

async function open(holder, proof = proofKind) {
    const socket = await openTls(holder.rsCnf);
    const data = proof === 'exporter' ? exporterData(socket, holder) : withLength(holder.token);
    const client = start(socket, data, holder);
    const [connack] = await once(client, 'connect');
    assert.equal(connack.reasonCode, 0);
    assert.equal(connack.properties.authenticationMethod, 'ace');
    return client;
}

async function refusedAtConnect(client) {
    const [error] = await once(client, 'error');
    assert.equal(error.code, NOT_AUTHORIZED, error.message);
}

const publish = (client, topic) => client.publishAsync(topic, 'hello', { qos: 1 });
const refused = (client, topic) => assert.rejects(publish(client, topic), { code: NOT_AUTHORIZED });

async function reauthenticate(client, token) {
    const done = once(client, 'authenticated');
    client._sendPacket({ cmd: 'auth', reasonCode: REAUTHENTICATE, properties: ace(withLength(token)) });
    await done;
}

// --- what is shown ---

const verbs = {
    async exchange() {
        const client = await open(await getToken('room/#'));
        const message = once(client, 'message');
        await client.subscribeAsync('room/+', { qos: 1 });
        await publish(client, 'room/x');
        const [topic, payload] = await message;
        assert.equal(`${topic} ${payload}`, 'room/x hello');
        await refused(client, 'z');
        await client.endAsync();
    },

    async impostor() {
        const holder = await getToken('room/#');
        holder.prove = anotherKey();
        const socket = await openTls(holder.rsCnf);
        const data = proofKind === 'exporter' ? exporterData(socket, holder) : withLength(holder.token);
        await refusedAtConnect(start(socket, data, holder));
    },

    async replay() { // [L11]
        const holder = await getToken('room/#');
        const socket = await openTls(holder.rsCnf);
        const data = exporterData(socket, holder);
        const client = start(socket, data, holder);
        await once(client, 'connect');
        await client.endAsync();
        await refusedAtConnect(start(await openTls(holder.rsCnf), data, holder));
    },

    async reauth() {
        const holder = await getToken('room/a');
        const client = await open(holder);
        await publish(client, 'room/a');
        await refused(client, 'room/b');
        const next = await getToken('room/b');
        holder.prove = next.prove;
        await reauthenticate(client, next.token);
        await publish(client, 'room/b');
        await refused(client, 'room/a');
        await client.endAsync();
    },

    async imposed() {
        const holder = await getToken('room/a');
        const client = await open(holder);
        holder.prove = anotherKey();
        const end = once(client, 'disconnect');
        reauthenticate(client, (await getToken('room/b')).token).catch(() => {});
        const [packet] = await end;
        assert.equal(packet.reasonCode, NOT_AUTHORIZED);
    },
};

const patience = setTimeout(() => fail(new Error('nothing came for 8 seconds')), 8000);

function fail(error) {
    console.error(`mqtt.mjs ${process.argv.slice(2).join(' ')}: ${error.message}`);
    process.exit(1);
}

try {
    await verbs[verb]();
    clearTimeout(patience);
    console.log('done');
    process.exit(0);
} catch (error) {
    fail(error);
}

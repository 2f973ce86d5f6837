// npm's cose-kit (COSE_Sign1, COSE_Mac0) and cose-js (COSE_Mac0, COSE_Encrypt0) beside our CWTs. Token files hold base64url text.
// Exit status 0: done; 1: refused, with the reason.
//   cose.mjs open FORM KEY TOKEN               prints alg and claims of the token in file TOKEN
//   cose.mjs claims AUDIENCE FILTER CNF OUT    claims of our profile, valid for ten minutes; CNF: file of a JWK or of a token response
//   cose.mjs make FORM CLAIMS KEY ALG OUT      FORM: sign1, mac0, encrypt0, or mac0-js: the same by the other library
import cbor from 'cbor';
import { Mac0, coseSign, coseVerify, coseVerifyMAC0 } from 'cose-kit';
import cose from 'cose-js';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const [TAG_CWT, ALG] = [61, 1];
const [OKP, EC2, SYMMETRIC] = [1, 2, 4];
const [KTY, KID, CRV, X, Y, K] = [1, 2, -1, -2, -3, -1];
const json = (file) => JSON.parse(readFileSync(file, 'utf8'));
const octets = (text) => Buffer.from(text, 'base64url');
const publicKey = (jwk) => createPublicKey({ key: jwk, format: 'jwk' });
const now = () => Math.floor(Date.now() / 1000);

// --- opening ---

// The message within the CWT tag, where that is there.
function message(file) {
    const bytes = octets(readFileSync(file, 'utf8'));
    const outer = cbor.decodeFirstSync(bytes);
    return outer.tag === TAG_CWT ? bytes.subarray(2) : bytes;
}

const payloadOf = (bytes) => cbor.decodeFirstSync(bytes).value[2];
const algOf = (bytes) => cbor.decodeFirstSync(cbor.decodeFirstSync(bytes).value[0]).get(ALG);

async function valid(result, bytes) {
    if (!(await result).isValid) throw new Error('not valid');
    return payloadOf(bytes);
}

const openers = {
    sign1: (bytes, jwk) => valid(coseVerify(bytes, publicKey(jwk)), bytes),
    mac0: (bytes, jwk) => valid(coseVerifyMAC0(bytes, octets(jwk.k)), bytes),
    'mac0-js': (bytes, jwk) => cose.mac.read(bytes, octets(jwk.k)),
    encrypt0: (bytes, jwk) => cose.encrypt.read(bytes, octets(jwk.k)),
};

async function open(form, keyFile, tokenFile) {
    const bytes = message(tokenFile);
    const claims = cbor.decodeFirstSync(await openers[form](bytes, json(keyFile)));
    const confirmed = claims.get(8).get(1);
    console.log(`alg ${algOf(bytes)} iss ${claims.get(1)} aud ${claims.get(3)} kty ${confirmed.get(KTY)}`);
    console.log(`scope ${JSON.stringify(cbor.decodeFirstSync(claims.get(9)))}`);
}

// --- making ---

function coseKey({ kty, kid, x, y, k }) {
    if (kty === 'oct') return new Map([[KTY, SYMMETRIC], [KID, octets(kid)], [K, octets(k)]]);
    if (kty === 'OKP') return new Map([[KTY, OKP], [CRV, 6], [X, octets(x)]]);
    return new Map([[KTY, EC2], [CRV, 1], [X, octets(x)], [Y, octets(y)]]);
}

function claims(aud, filter, cnfFile, out) {
    const file = json(cnfFile);
    const scope = cbor.encode([[filter, ['pub']]]);
    const cnf = new Map([[1, coseKey(file.response ? file.response.cnf.jwk : file)]]);
    const set = [[1, 'https://localhost:9443'], [3, aud], [4, now() + 600], [6, now()], [8, cnf], [9, scope]];
    writeFileSync(out, cbor.encode(new Map(set)));
}

const makers = {
    sign1: (text, jwk, alg) => coseSign({ alg }, {}, text, createPrivateKey({ key: jwk, format: 'jwk' })),
    mac0: async (text, jwk, alg) => (await Mac0.create({ alg }, {}, text, octets(jwk.k))).encode(),
    'mac0-js': (text, jwk, alg) => cose.mac.create({ p: { alg } }, text, { key: octets(jwk.k) }),
    encrypt0: (text, jwk, alg) => cose.encrypt.create({ p: { alg } }, text, { key: octets(jwk.k) }),
};

async function make(form, claimsFile, keyFile, alg, out) {
    const made = await makers[form](readFileSync(claimsFile), json(keyFile), alg);
    writeFileSync(out, Buffer.from(made).toString('base64url'));
}

const [verb, ...args] = process.argv.slice(2);
try {
    await { open, claims, make }[verb](...args);
} catch (e) {
    console.error(`cose.mjs ${verb}: refused: ${e.message}`);
    process.exit(1);
}

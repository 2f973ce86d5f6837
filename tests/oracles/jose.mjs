// npm's jose beside our tokens. Exit status 0: done; 1: refused, with the reason.
//   jose.mjs open KEY TOKEN                    prints header and claims of the token in file TOKEN
//   jose.mjs claims AUDIENCE FILTER CNF OUT    claims of our profile, valid for ten minutes; CNF: file of a JWK or of a token response
//   jose.mjs make CLAIMS KEY ALG OUT           a token: JWS with EdDSA or ES256, JWE "dir" with A128GCM or A256GCM
import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify, importJWK } from 'jose';
import { readFileSync, writeFileSync } from 'node:fs';

const json = (file) => JSON.parse(readFileSync(file, 'utf8'));
const secret = (jwk) => Buffer.from(jwk.k, 'base64url');
const now = () => Math.floor(Date.now() / 1000);

async function open(keyFile, tokenFile) {
    const jwk = json(keyFile);
    const token = readFileSync(tokenFile, 'utf8');
    const { protectedHeader, payload, plaintext } =
        jwk.kty === 'oct' ? await compactDecrypt(token, secret(jwk)) : await compactVerify(token, await importJWK(jwk));
    console.log(JSON.stringify(protectedHeader), Buffer.from(payload ?? plaintext).toString());
}

function claims(aud, filter, cnfFile, out) {
    const { response, kty, crv, x, y } = json(cnfFile);
    const scope = Buffer.from(JSON.stringify([[filter, ['pub']]])).toString('base64url');
    const cnf = response ? response.cnf : { jwk: { kty, crv, x, y } };
    writeFileSync(out, JSON.stringify({ iss: 'https://localhost:9443', aud, exp: now() + 600, iat: now(), scope, cnf }));
}

async function make(claimsFile, keyFile, alg, out) {
    const jwk = json(keyFile);
    const text = readFileSync(claimsFile);
    const token =
        jwk.kty === 'oct'
            ? await new CompactEncrypt(text).setProtectedHeader({ alg: 'dir', enc: alg, typ: 'JWT' }).encrypt(secret(jwk))
            : await new CompactSign(text)
                  .setProtectedHeader({ alg, typ: 'JWT', kid: jwk.kid })
                  .sign(await importJWK(jwk, alg));
    writeFileSync(out, token);
}

const [verb, ...args] = process.argv.slice(2);
try {
    await { open, claims, make }[verb](...args);
} catch (e) {
    console.error(`jose.mjs ${verb}: ${e.code ?? e.name}: ${e.message}`);
    process.exit(1);
}

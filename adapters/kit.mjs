// What adapters share: the configuration that the runner wrote, and the lines it speaks (docs/adapters.md).
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const path = process.argv[2];
export const here = dirname(resolve(path));
export const file = (name) => resolve(here, name);
export const bytes = (name) => readFileSync(file(name));
export const json = (name) => JSON.parse(bytes(name));
export const config = json(resolve(path));

export const pemOf = (jwk) => createPrivateKey({ key: jwk, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' });
export const certificate = (name) => new X509Certificate(bytes(name));
export const b64u = (x) => Buffer.from(x).toString('base64url');
export const fromB64u = (x) => Buffer.from(x, 'base64url');

export const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
export const ready = (what) => process.stdout.write(`READY ${JSON.stringify(what)}\n`);

// Lines one after the other, each when the one before is answered; but `stop` is always taken. Ends with the input.
export function listen(take, end = () => {}) {
    let queue = Promise.resolve();
    const leave = async () => {
        await end();
        process.exit(0);
    };
    createInterface({ input: process.stdin })
        .on('line', (text) => {
            const step = JSON.parse(text);
            if (step.do === 'stop') leave();
            else queue = queue.then(() => take(step));
        })
        .on('close', leave);
    process.on('SIGTERM', leave);
}

// A client: a table of verbs. What one throws is its answer; `unsupported: ...` makes the runner skip.
export function drive(verbs, end) {
    listen(async (step) => {
        try {
            if (!verbs[step.do]) throw new Error(`unsupported: ${step.do}`);
            say({ id: step.id, ok: true, ...(await verbs[step.do](step)) });
        } catch (e) {
            say({ id: step.id, ok: false, error: e.message });
        }
    }, end);
}

export const unsupported = (what) => {
    throw new Error(`unsupported: ${what}`);
};
export const refused = (code, words = 'the peer said no') =>
    new Error(`refused: ${words} (0x${code.toString(16).padStart(2, '0')})`);

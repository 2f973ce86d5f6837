// Debian's mosquitto_pub and mosquitto_sub as an ACE client: a token to authz-info over TLS:Anon, then its key as PSK.
//   node mosquitto-client.mjs client.json
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { config, drive, file, fromB64u, ready, refused, say, unsupported } from './kit.mjs';
import { requestToken, secretOf } from './token.mjs';

const LONGEST_IDENTITY = 255; // of OpenSSL's call for it; mosquitto cuts what is longer
const codes = {
    'Not authorized': 0x87, 'Payload format invalid': 0x99, 'Unspecified error': 0x80, 'Implementation specific error': 0x83,
    'Topic name invalid': 0x90, 'Quota exceeded': 0x97,
};
let held; // what the AS gave last
let run;  // the program that is connected now, with what it was started for

async function getToken({ pop = 'hs256', ...step }) {
    if (pop !== 'hs256') unsupported(pop);
    const granted = await requestToken(step);
    held = { ...granted, secret: secretOf(granted.cnf) };
    return { ends: Math.floor(held.ends / 1000) };
}

// --- what stands on its command line, and in its file of options ---

// RFC 9202, 3.3.2: what names the key, in the notation of the token's request. COSE: {8: {1: {1: 4, 2: kid}}}.
function identityOf(form) {
    if (form === 'token') return held.token;
    const kid = held.cnf.kid ?? held.rsKid;
    if (!kid) throw new Error('the AS gave the key no name');
    if (form !== 'cbor') return Buffer.from(JSON.stringify({ cnf: { jwk: { kty: 'oct', kid } } }));
    const name = fromB64u(kid);
    if (name.length > 23) unsupported('a kid of more than 23 octets in CBOR');
    return Buffer.concat([Buffer.from('a108a101a2010402', 'hex'), Buffer.from([0x40 + name.length]), name]);
}

// Lines of the file of options: a key there is seen by nobody who lists processes.
function pskLines(step) {
    if (!held || held.ends < Date.now()) throw new Error('no token that is good now');
    const identity = identityOf(step.identity ?? 'json');
    if (identity.length > LONGEST_IDENTITY) unsupported(`an identity of more than ${LONGEST_IDENTITY} octets`);
    if (/[\0\n]|\r$/.test(identity.toString('latin1'))) unsupported('an identity that a line of options cannot hold');
    return Buffer.concat([Buffer.from(`--psk ${held.secret.toString('hex')}\n--psk-identity `), identity, Buffer.from('\n')]);
}

const given = (option, value) => (value === undefined ? [] : [option, String(value)]);
const property = (packet, name, value) => (value === undefined ? [] : ['-D', packet, name, String(value)]);
const isSet = (value) => value !== undefined && Number(value) !== 0;

function connectOptions(step) {
    const version = Number(step.version ?? (config.mqtt.version === '311' ? 4 : 5));
    return [
        '-d', '-h', config.broker.host, '-p', String(config.broker.port), '-V', version === 4 ? 'mqttv311' : 'mqttv5',
        '--tls-alpn', 'mqtt', ...given('--tls-version', config.tls?.version && `tlsv${config.tls.version}`),
        ...(step.tls === 'psk' ? [] : ['--cafile', file(config.broker.ca)]),
        '-i', step.client_id ?? config.mqtt.client_id, '-k', String(step.keep_alive ?? 60),
        ...(step.clean_start === undefined || isSet(step.clean_start) ? [] : ['-c']),
        ...given('-x', step.session_expiry),
        ...property('connect', 'receive-maximum', step.receive_max),
        ...property('connect', 'maximum-packet-size', step.max_packet),
        ...given('--will-topic', step.will_topic), ...given('--will-payload', step.will_payload),
        ...given('--will-qos', step.will_qos), ...(isSet(step.will_retain) ? ['--will-retain'] : []),
        ...property('will', 'will-delay-interval', step.will_delay),
    ];
}

const filtersOf = (step) => step.filters ?? (step.filter ? [step.filter] : step.args);

// mosquitto_pub publishes to one topic, and mosquitto_sub subscribes as soon as it is connected: what comes has to be known.
const tasks = {
    publish: (step) => ({ topic: step.topic ?? step.args[0], qos: step.qos ?? 0, retain: isSet(step.retain) }),
    'publish-token': (step) => ({ topic: 'authz-info', qos: step.qos ?? 1, retain: isSet(step.retain) }),
    subscribe: (step) => ({ filters: filtersOf(step), qos: step.qos ?? 0 }),
};

// mosquitto_pub that gets no line to publish.
const nothing = { topic: 'nothing', qos: 0, retain: false };
const idle = ['disconnect', 'drop', 'forget'];

function taskOf(step) {
    if (!step || idle.includes(step.do)) return nothing;
    if (isSet(step.no_local) || isSet(step.retain_handling)) unsupported('options of a subscription');
    return tasks[step.do] ? tasks[step.do](step) : unsupported(`mosquitto connects to publish or to subscribe, not to ${step.do}`);
}

const taskOptions = ({ topic, filters, qos, retain }) =>
    topic === undefined
        ? [...filters.flatMap((f) => ['-t', f]), '-q', String(qos), '-F', 'MESSAGE %j']
        : ['-l', '-t', topic, '-q', String(qos), ...(retain ? ['-r'] : [])];

// --- the program while it runs ---

// What it writes, line by line, and its end.
class Run {
    heard = []; // lines that no step has waited for yet
    calls = 0;  // how often it has said CONNECT

    constructor(program, options, secrets, task) {
        this.task = task;
        this.home = mkdtempSync(join(tmpdir(), 'mosquitto-client-'));
        if (secrets) writeFileSync(join(this.home, program), secrets, { mode: 0o600 });
        this.child = spawn('stdbuf', ['-oL', program, ...options], { env: { ...process.env, XDG_CONFIG_HOME: this.home } });
        this.child.on('error', (e) => this.end(`${program} cannot be started: ${e.message}`));
        this.child.stdin.on('error', () => {}); // it ended: told where that is awaited
        this.child.on('close', (status) =>
            this.end(`disconnected: ${this.last ?? `status ${status}`}`));
        for (const stream of [this.child.stdout, this.child.stderr])
            createInterface({ input: stream }).on('line', (line) => this.take(line));
    }

    take(line) {
        if (line.startsWith('MESSAGE ')) return tellMessage(JSON.parse(line.slice(8)));
        process.stderr.write(`${line}\n`);
        if (/^(Error|Connection error|Warning|OpenSSL)/.test(line)) this.last = line;
        // It calls again by itself, but that is another connection than the one that was asked for.
        if (/sending CONNECT$/.test(line) && this.calls++) this.kill();
        this.heard.push(line);
        this.wake?.();
    }

    end(why) {
        this.ended ??= new Error(why);
        this.forgetSecrets();
        if (run === this) {
            run = undefined;
            say({ event: 'closed', reason: '' });
        }
        this.wake?.();
    }

    forgetSecrets() {
        rmSync(this.home, { recursive: true, force: true });
    }

    kill(signal = 'SIGKILL') {
        this.child.kill(signal);
    }

    // The match of the first line that fits; those before it are dropped.
    async until(pattern) {
        for (;;) {
            const at = this.heard.findIndex((line) => pattern.test(line));
            if (at >= 0) return this.heard.splice(0, at + 1)[at].match(pattern);
            if (this.ended) throw this.ended;
            await this.more();
        }
    }

    more() {
        return new Promise((done) => { this.wake = done; });
    }

    // It ends because we want it to: that is no event.
    async leave(signal) {
        if (run === this) run = undefined;
        if (signal) this.kill(signal);
        else this.child.stdin.end();
        while (!this.ended) await this.more();
    }
}

const tellMessage = ({ topic, payload, qos, retain }) =>
    say({ event: 'message', topic, payload: String(payload ?? ''), qos, retain: retain === 1 });

const connected = () => run ?? (() => { throw new Error('there is no connection'); })();

async function connect(step) {
    if (!['anon', 'psk', undefined].includes(step.tls)) unsupported(`tls=${step.tls}`);
    if (step.mqtt !== 'none' && (step.tls !== 'psk' || step.mqtt)) unsupported('authentication of MQTT 5, or the TLS exporter');
    if (run) unsupported('a second connection');
    const task = taskOf(step.next);
    const program = task.filters ? 'mosquitto_sub' : 'mosquitto_pub';
    const secrets = step.tls === 'psk' ? pskLines(step) : null;
    const started = new Run(program, [...connectOptions(step), ...taskOptions(task)], secrets, task);
    run = started;
    const [, code] = await started.until(/received CONNACK \((\d+)\)/);
    started.forgetSecrets();
    if (Number(code) === 0) return;
    await started.leave('SIGKILL');
    throw refused(Number(code));
}

// The task of the program that runs, if that is what is wanted now.
function doing(task) {
    const own = connected().task;
    if (JSON.stringify(own) !== JSON.stringify(task)) unsupported('mosquitto does one thing on a connection');
    return run;
}

async function publish(task, payload) {
    const pub = doing(task);
    if (/[\0\n]/.test(payload.toString('latin1'))) unsupported('a payload of more than one line');
    pub.child.stdin.write(Buffer.concat([Buffer.from(payload), Buffer.from('\n')]));
    if (Number(task.qos) === 0) {
        await pub.until(/sending PUBLISH/);
        return { reason: 0 };
    }
    const [, failed, code] = await pub.until(/^Warning: Publish \d+ failed: (.*)\.$|received PUB(?:ACK|COMP) \(Mid: \d+, RC:(\d+)\)/);
    const reason = failed ? codes[failed] ?? 0x80 : Number(code);
    if (reason >= 0x80) throw refused(reason, failed);
    return { reason };
}

async function subscribe(step) {
    const sub = doing(taskOf(step));
    const [, granted] = await sub.until(/^Subscribed \(mid: \d+\): ([\d, ]+)/);
    return { codes: granted.split(', ').map(Number) };
}

for (const program of ['stdbuf', 'mosquitto_pub', 'mosquitto_sub']) {
    if (!spawnSync(program, ['--help']).error) continue;
    console.error(`${program} is not installed; Debian has it in ${program === 'stdbuf' ? 'coreutils' : 'mosquitto-clients'}`);
    process.exit(1);
}
drive(
    {
        'get-token': getToken,
        connect,
        publish: (step) => publish(tasks.publish(step), Buffer.from(step.payload ?? step.args[1] ?? '')),
        'publish-token': (step) => publish(tasks['publish-token'](step), held.token),
        subscribe,
        // mosquitto_sub leaves at a signal, mosquitto_pub where its input ends.
        async disconnect(step) {
            if (step.reason) unsupported('a reason to disconnect');
            await connected().leave(run.task.filters && 'SIGTERM');
        },
        drop: () => connected().leave('SIGKILL'),
        async forget() {
            held = undefined;
        },
    },
    () => run?.leave('SIGKILL')
);
ready({ role: 'client', version: 1, features: ['psk', 'authz-info', 'hs256', 'jwt', 'tls12', 'mqtt311'] });

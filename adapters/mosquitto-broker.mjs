// Debian's mosquitto as a broker under test. It knows nothing of ACE: it lets everybody in, and asks nobody for a token.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { config, file, json, listen, pemOf, ready } from './kit.mjs';

// mosquitto cannot be told to take any port and say which.
const freePort = () =>
    new Promise((done) => {
        const server = createServer().listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => done(port));
        });
    });

const port = await freePort();
writeFileSync(file('mosquitto.key'), pemOf(json(config.tls.key)), { mode: 0o600 });
writeFileSync(
    file('mosquitto.conf'),
    `listener ${port} 127.0.0.1
certfile ${file(config.tls.certificate)}
keyfile ${file('mosquitto.key')}
allow_anonymous true
persistence false
log_type error
log_type warning
log_type information
user ${process.getuid() === 0 ? 'root' : ''}
`.replace(/^user $/m, '')
);

const broker = spawn('mosquitto', ['-c', file('mosquitto.conf')], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
});
let stopping = false;
broker.on('error', (e) => {
    console.error(`mosquitto: ${e.message}`);
    process.exit(1);
});
broker.on('exit', (status, signal) => {
    if (stopping) process.exit(0);
    console.error(`mosquitto ended by itself: ${signal ?? status}`);
    process.exit(1);
});
broker.stderr.on('data', (text) => {
    process.stderr.write(text);
    if (/ running/.test(text)) ready({ port });
});
listen(
    () => {},
    () => {
        stopping = true;
        broker.kill('SIGTERM');
        return new Promise(() => {}); // its end is ours
    }
);

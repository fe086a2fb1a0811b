import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Children } from '../../scripts/start/children.ts';
import { freePort } from '../../scripts/start/ports.ts';
import { childEnvironment } from '../../src/config/index.ts';
import { eventually } from '../environment/index.ts';
import { startMailServer, type Answer, type MailServer } from './mail-server.ts';
import { withWork } from './work.ts';

const gate = Promise.withResolvers<undefined>();
const told: string[] = [];

let server: MailServer;
let directory: string;
let children: Children;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chaos-memory-'));
  server = await startMailServer(async (subject): Promise<Answer> => {
    if (subject === 'first') await gate.promise;
    return 250;
  });
});
afterAll(async () => {
  await children.stop();
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

const work = withWork(() => server.url);

/** Looked after by the launcher, with less memory than a worker needs to do nothing. */
async function startWorker(): Promise<void> {
  const port = String(await freePort());
  children = new Children({
    logFileOf: (name) => join(directory, `${name}.log`),
    tell: (line) => void told.push(line),
    onSpawn: () => undefined,
    onExit: () => undefined,
  });
  await children.start({
    name: 'email',
    command: process.execPath,
    args: [fileURLToPath(new URL('../../workers/main.ts', import.meta.url)), 'email'],
    env: childEnvironment({ ...work.variables, WORKER_PORT: port, WORKER_MAX_MEMORY_MB: '128' }),
    probe: () => fetch(`http://127.0.0.1:${port}/health/live`).then(() => undefined),
    readyWithinMs: 30_000,
    stopWithinMs: 20_000,
  });
}

test('a worker that holds too much memory finishes its job, takes no other, ends with 75 and is started again', async () => {
  const queue = work.container.queue();
  work.container.relay().start();
  const send = (subject: string) => queue.sendEmail({ to: 'ann@example.test', subject, body: 'x' });
  const log = () => readFile(join(directory, 'email.log'), 'utf8');
  await send('first');
  await startWorker();
  await eventually(() => server.tried.has('first'));
  await eventually(async () => (await log()).includes('too much memory'));
  await send('second');
  await eventually(async () => (await queue.getHealthStatus()).queues.email?.waiting === 1);
  expect([...server.tried.keys()]).toEqual(['first']);
  expect(told).toEqual([]);
  gate.resolve(undefined);
  await eventually(() => server.taken.size === 2);
  expect([...server.taken.values()]).toEqual([1, 1]);
  expect(told[0]).toMatch(/^email ended with code 75; starting it again/);
  expect(await log()).not.toContain('left behind');
}, 120_000);

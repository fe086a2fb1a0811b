import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Children, type ChildPlan } from './children.ts';
import { canConnect, freePort, isFree } from './ports.ts';

let directory: string;
let told: string[];
let pids: number[];
let children: Children;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'children-'));
  told = [];
  pids = [];
  children = new Children({
    logFileOf: (name) => join(directory, `${name}.log`),
    tell: (line) => void told.push(line),
    onSpawn: (pid) => void pids.push(pid),
    onExit: () => undefined,
    firstBackoffMs: 20,
  });
});
afterEach(async () => {
  await children.stop();
  rmSync(directory, { recursive: true });
});

/** A child that listens at a port, and notes in its log when it is told to end. */
function listener(port: number, name = 'listener'): ChildPlan {
  const script = `
    const server = require('node:net').createServer().listen(${String(port)}, '127.0.0.1');
    process.on('SIGTERM', () => { require('node:fs').appendFileSync('${directory}/ended', '${name} '); process.exit(0); });`;
  return {
    name,
    command: process.execPath,
    args: ['--eval', script],
    probe: () => canConnect(port),
    readyWithinMs: 10_000,
    stopWithinMs: 5_000,
  };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !condition(); tries += 1) await sleep(25);
  expect(condition()).toBe(true);
}

test('a child serves once its start resolves, and is gone once all are stopped', async () => {
  const port = await freePort();
  await children.start(listener(port));
  await canConnect(port);
  await children.stop();
  expect(await isFree(port, '127.0.0.1')).toBe(true);
});

test('children are ended in the reverse order of their start', async () => {
  await children.start(listener(await freePort(), 'first'));
  await children.start(listener(await freePort(), 'second'));
  await children.stop();
  expect(readFileSync(join(directory, 'ended'), 'utf8')).toBe('second first ');
});

test('once all are being ended, no other is started', async () => {
  await children.start(listener(await freePort(), 'first'));
  const ended = children.stop();
  await expect(children.start(listener(await freePort(), 'second'))).rejects.toThrow('second is not started');
  await ended;
  expect(pids).toHaveLength(1);
});

test('a child that dies is told of and started again at the same port', async () => {
  const port = await freePort();
  await children.start(listener(port));
  process.kill(pids[0] ?? 0, 'SIGKILL');
  await until(() => told.some((line) => line.includes('up again')));
  expect(told[0]).toMatch(/^listener was ended by SIGKILL; starting it again in 0\.02 s/);
  expect(pids).toHaveLength(2);
  await canConnect(port);
});

test('a child that dies again and again is waited for longer each time', async () => {
  const plan = {
    ...listener(0),
    args: ['--eval', 'setTimeout(() => process.exit(3), 30)'],
    probe: () => Promise.resolve(),
  };
  await children.start(plan);
  await until(() => told.filter((line) => line.includes('ended with code 3')).length >= 3);
  const pauses = told.flatMap((line) => /again in ([\d.]+) s/.exec(line)?.[1] ?? []);
  expect(pauses.slice(0, 3)).toEqual(['0.02', '0.04', '0.08']);
});

test('a child that ends instead of serving is told with what it said last', async () => {
  const plan = { ...listener(0), args: ['--eval', 'console.error("no such file"); process.exit(2)'] };
  const failure = children.start({ ...plan, probe: () => Promise.reject(new Error('not yet')) });
  await expect(failure).rejects.toThrow(/listener ended with code 2:\n {4}no such file/);
});

test('a command that does not exist is told', async () => {
  const failure = children.start({
    ...listener(0),
    command: 'no-such-command',
    probe: () => Promise.reject(new Error()),
  });
  await expect(failure).rejects.toThrow('listener could not be started');
});

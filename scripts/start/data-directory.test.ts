import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from './data-directory.ts';
import { endLeftOver } from './left-over.ts';
import { identify, isRunning } from './process-identity.ts';
import { developmentSecrets } from './secrets.ts';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'data-directory-'));
});
afterEach(() => {
  rmSync(path, { recursive: true, force: true });
});

test('a directory that is in use is refused with who uses it', () => {
  const data = new DataDirectory(path);
  expect(() => new DataDirectory(path)).toThrow(`in use by another npm start (process ${String(process.pid)})`);
  data.release();
  new DataDirectory(path).release();
});

test('a lock of a process that is gone, or of another that got its number, is passed over', () => {
  for (const launcher of [
    { pid: 2 ** 22 - 1, started: '1' },
    { pid: process.pid, started: 'long ago' },
  ]) {
    writeFileSync(join(path, 'running.json'), JSON.stringify({ launcher, children: [] }));
    expect(new DataDirectory(path).leftOver).toEqual([]);
  }
});

test('a lock that was cut off is passed over', () => {
  writeFileSync(join(path, 'running.json'), '{"launcher":{"pi');
  expect(new DataDirectory(path).leftOver).toEqual([]);
});

test('children that a killed launcher has left are found and ended', async () => {
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)']);
  const left = identify(child.pid ?? 0);
  if (left === undefined) throw new Error('The child is not there');
  const launcher = { pid: 2 ** 22 - 1, started: '1' };
  writeFileSync(join(path, 'running.json'), JSON.stringify({ launcher, children: [left] }));

  const { leftOver } = new DataDirectory(path);
  expect(leftOver).toEqual([left]);
  await endLeftOver(leftOver);
  expect(isRunning(left)).toBe(false);
});

test('a directory that cannot be made is one clear line', () => {
  writeFileSync(join(path, 'file'), '');
  expect(() => new DataDirectory(join(path, 'file', '.data'))).toThrow(/cannot be written \(ENOTDIR\): choose another/);
});

// Elsewhere there is no such place.
const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('a directory where the system makes none is refused', () => {
  expect(() => new DataDirectory('/proc/no/data')).toThrow('/proc/no/data cannot be written (ENOENT): choose another');
});

test('a directory is made with those above it', () => {
  const below = join(path, 'some', 'where');
  new DataDirectory(below).release();
  expect(existsSync(below)).toBe(true);
});

test('forgetting removes what the launcher keeps, and nothing else', () => {
  const data = new DataDirectory(path);
  writeFileSync(join(data.pathOf('mongo'), 'data.mdb'), 'data');
  writeFileSync(join(path, 'notes.txt'), 'mine');
  data.forget();
  expect(existsSync(join(path, 'mongo'))).toBe(false);
  expect(readFileSync(join(path, 'notes.txt'), 'utf8')).toBe('mine');
});

test('secrets are made once, for their owner alone, and anew when they cannot be read', () => {
  const file = join(path, 'secrets.json');
  const made = developmentSecrets(file);
  expect(developmentSecrets(file)).toEqual(made);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(new Set(Object.values(made)).size).toBe(3);
  const { AUDIT_SECRET, ...older } = made;
  writeFileSync(file, JSON.stringify(older));
  expect(developmentSecrets(file)).toMatchObject(older);
  expect(developmentSecrets(file).AUDIT_SECRET).not.toBe(AUDIT_SECRET);
  writeFileSync(file, '{');
  expect(developmentSecrets(file)).not.toEqual(made);
});

import { expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Turns } from './turns.ts';

const soon = () => Date.now() + 5_000;

test('those who want the same take turns in the order in which they came; others do not wait', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const slow = (name: string) => async () => {
    seen.push(`${name} begins`);
    await sleep(5);
    seen.push(`${name} ends`);
  };
  await Promise.all([
    turns.inTurn(['a'], soon(), slow('first')),
    turns.inTurn(['a'], soon(), slow('second')),
    turns.inTurn(['b'], soon(), () => Promise.resolve(seen.push('other'))),
  ]);
  expect(seen).toEqual(['first begins', 'other', 'first ends', 'second begins', 'second ends']);
});

test('a turn that does not come by the deadline is refused, and whoever is behind still waits for those in front', async () => {
  const turns = new Turns();
  const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>();
  const first = turns.inTurn(['a'], soon(), () => held);
  const impatient = turns.inTurn(['a'], Date.now() + 10, () => Promise.resolve('never'));
  let done = false;
  const patient = turns.inTurn(['a'], soon(), () => Promise.resolve((done = true)));
  await expect(impatient).rejects.toMatchObject({ kind: { code: 'too-contended', status: 503 } });
  await sleep(5);
  expect(done).toBe(false);
  letGo(undefined);
  await Promise.all([first, patient]);
  expect(done).toBe(true);
});

test('a failure passes the turn on', async () => {
  const turns = new Turns();
  await expect(turns.inTurn(['a', 'b'], soon(), () => Promise.reject(new Error('x')))).rejects.toThrow('x');
  await expect(turns.inTurn(['b', 'c'], soon(), () => Promise.resolve(1))).resolves.toBe(1);
});

import { expect, test } from '@jest/globals';
import { Turns } from './turns.ts';

const LONG_MS = 60_000;

test('one has the turn until it passes it on; then the next has it, in the order of their coming', async () => {
  const [turns, had] = [new Turns(), [] as string[]];
  expect(await turns.take(LONG_MS)).toBe(true);
  const others = ['second', 'third'].map(async (name) => {
    await turns.take(LONG_MS);
    had.push(name);
  });
  expect(had).toEqual([]);
  turns.pass();
  await others[0];
  expect(had).toEqual(['second']);
  turns.pass();
  await others[1];
  turns.pass();
  expect(await turns.take(0)).toBe(true);
});

test('whoever has lost patience is passed over', async () => {
  const turns = new Turns();
  await turns.take(LONG_MS);
  const impatient = turns.take(1);
  const patient = turns.take(LONG_MS);
  expect(await impatient).toBe(false);
  turns.pass();
  expect(await patient).toBe(true);
});

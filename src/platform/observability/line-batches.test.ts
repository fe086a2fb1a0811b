import { expect, test } from '@jest/globals';
import { LineBatches } from './line-batches.ts';

function output() {
  const batches: string[] = [];
  const state = { begun: 0, flushed: 0 };
  const batched = new LineBatches({
    write: (batch) => batches.push(batch),
    flush: () => (state.begun += 1),
    flushSync: () => (state.flushed += 1),
  });
  return { batched, batches, state };
}

test('lines go out as one batch once there are enough of them, in their order', () => {
  const { batched, batches, state } = output();
  const lines = Array.from({ length: 200 }, (_, number) => `${String(number).padStart(999)}\n`);
  for (const line of lines) batched.write(line);
  expect([batches.length, state.begun, state.flushed]).toEqual([3, 3, 0]);
  batched.flushSync();
  expect(batches.join('')).toBe(lines.join(''));
});

test('a line that is alone goes out when it has waited', async () => {
  // What waits keeps no process alive: this does.
  const alive = setInterval(() => undefined, 1_000);
  const batches: string[] = [];
  await new Promise<void>((flush) => {
    new LineBatches({ write: (batch) => batches.push(batch), flush, flushSync: flush }).write('alone\n');
  });
  clearInterval(alive);
  expect(batches).toEqual(['alone\n']);
});

test('a synchronous flush leaves nothing to one that is only begun', () => {
  const { batched, batches, state } = output();
  batched.write('last words\n');
  batched.flushSync();
  batched.flushSync();
  expect(batches).toEqual(['last words\n']);
  expect(state).toEqual({ begun: 0, flushed: 2 });
});

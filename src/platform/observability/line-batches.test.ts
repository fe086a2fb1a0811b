import { expect, test } from '@jest/globals';
import { LineBatches } from './line-batches.ts';

function output() {
  const batches: string[] = [];
  const last: string[] = [];
  const batched = new LineBatches({ write: (batch) => batches.push(batch), writeSync: (batch) => last.push(batch) });
  return { batched, batches, last };
}

test('lines go out as one batch once there are enough of them, in their order', () => {
  const { batched, batches, last } = output();
  const lines = Array.from({ length: 200 }, (_, number) => `${String(number).padStart(999)}\n`);
  for (const line of lines) batched.write(line);
  expect(batches.length).toBe(3);
  batched.flushSync();
  expect([...batches, ...last].join('')).toBe(lines.join(''));
});

test('a line that is alone goes out when it has waited', async () => {
  // What waits keeps no process alive: this does.
  const alive = setInterval(() => undefined, 1_000);
  const written = await new Promise((write) => {
    new LineBatches({ write, writeSync: write }).write('alone\n');
  });
  clearInterval(alive);
  expect(written).toBe('alone\n');
});

test('what is flushed at once is not left to a write that is only begun', () => {
  const { batched, batches, last } = output();
  batched.write('last words\n');
  batched.flushSync();
  expect([batches, last]).toEqual([[], ['last words\n']]);
});

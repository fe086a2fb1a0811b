import { expect, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { collectGarbage } from '../../tests/collect-garbage.ts';
import { eventually } from '../../tests/environment/index.ts';
import { cutOffBy } from './cut-off.ts';

const LONG_MS = 60_000;

test('work that only looks at its signal is cut off when its time is over, whatever was collected meanwhile', async () => {
  const reason = await cutOffBy({ signals: [], limitMs: 20 }, async (signal) => {
    await eventually(async () => {
      await collectGarbage();
      return signal.aborted;
    });
    return signal.reason as unknown;
  });
  expect(reason).toMatchObject({ name: 'TimeoutError', message: 'Not done within 20 ms' });
});

test('work is cut off by each of its sources, for its reason, and by one that was aborted before', async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const signals = [first.signal, undefined, second.signal];
  await cutOffBy({ signals, limitMs: LONG_MS }, async (signal) => {
    await collectGarbage();
    expect(signal.aborted).toBe(false);
    second.abort('the second');
    first.abort('the first');
    expect(signal.reason).toBe('the second');
  });
  expect(await cutOffBy({ signals }, (signal) => Promise.resolve(signal.reason as unknown))).toBe('the first');
});

test('a source that outlives the work has no listener left, also when the work has failed', async () => {
  const { signal } = new AbortController();
  const heard = await cutOffBy({ signals: [signal] }, () => Promise.resolve(getEventListeners(signal, 'abort').length));
  const failing = cutOffBy({ signals: [signal] }, () => Promise.reject(new RangeError('no')));
  await expect(failing).rejects.toThrow(RangeError);
  expect([heard, getEventListeners(signal, 'abort').length]).toEqual([1, 0]);
});

import { expect, test } from '@jest/globals';
import { Trace, withTrace } from '../observability/trace.ts';
import { timed } from './timed.ts';

test('a request is told how long it waits for the cache, without what its own load takes', async () => {
  const trace = new Trace('request-1');
  let now = 0;
  const passing = (milliseconds: number) => () => Promise.resolve((now += milliseconds));
  const read = async ({ load }: { readonly load: () => Promise<unknown> }) => {
    await passing(3)();
    return load();
  };
  const ask = () => withTrace(trace, () => timed({ load: passing(40) }, read, () => now));
  expect(await ask()).toBe(43);
  expect(trace.cacheMs).toBe(3);
  await ask();
  expect(trace.cacheMs).toBe(6);
});

test('it is told also when the load fails, and nobody is outside of a request', async () => {
  const trace = new Trace('request-2');
  const load = () => Promise.reject(new Error('away'));
  let now = 0;
  const tick = () => (now += 1);
  const read = (reading: { readonly load: () => Promise<unknown> }) => reading.load();
  await expect(withTrace(trace, () => timed({ load }, read, tick))).rejects.toThrow('away');
  // Four looks at the clock, of which the load has one between its two.
  expect(trace.cacheMs).toBe(2);
  const value = { load: () => Promise.resolve('mug') };
  expect(await timed(value, read, tick)).toBe('mug');
  expect(now).toBe(4);
});

test('what its own load has taken so far is left out as well where something else is shown meanwhile', async () => {
  const trace = new Trace('request-3');
  let now = 0;
  const read = ({ load }: { readonly load: () => Promise<unknown> }) => {
    now += 3;
    load().catch(() => undefined);
    now += 200;
    return Promise.resolve('stale');
  };
  const never = () => new Promise(() => undefined);
  expect(await withTrace(trace, () => timed({ load: never }, read, () => now))).toBe('stale');
  expect(trace.cacheMs).toBe(3);
});

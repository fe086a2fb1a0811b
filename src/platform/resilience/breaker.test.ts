import { expect, jest, test } from '@jest/globals';
import { Breaker, type BreakerOptions } from './breaker.ts';

test('an outage is told once, however often it is tried in vain, and so is its end', async () => {
  const [warn, info] = [jest.fn<BreakerOptions['logger']['warn']>(), jest.fn<BreakerOptions['logger']['info']>()];
  const breaker = new Breaker({ name: 'smtp', isOutage: () => true, logger: { warn, info }, failures: 1, pauseMs: 0 });
  const call = jest.fn(() => Promise.reject(new Error('away')));
  const outage = async () => {
    for (let calls = 0; calls < 3; calls += 1) await expect(breaker.run(call)).rejects.toThrow('away');
    await breaker.run(() => Promise.resolve());
  };
  await outage();
  expect([warn, info].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  await outage();
  expect([warn, info].map(({ mock }) => mock.calls.length)).toEqual([2, 2]);
  expect(call).toHaveBeenCalledTimes(6);
});

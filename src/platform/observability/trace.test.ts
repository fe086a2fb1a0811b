import { expect, test } from '@jest/globals';
import { currentTrace, Trace, withTrace } from './trace.ts';

test("a caller's trace goes on with a parent of our own", () => {
  const trace = new Trace('r', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00');
  expect(trace.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[\da-f]{16}-00$/);
  expect(trace.traceparent).not.toContain('b7ad6b7169203331');
});

test.each([undefined, 'nonsense', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`])(
  'traceparent %s begins a new trace',
  (sent) => {
    expect(new Trace('r', sent).traceparent).toMatch(/^00-[\da-f]*[1-9a-f][\da-f]*-[\da-f]{16}-01$/);
  },
);

test('two traces at the same time keep their queries apart, also over waits', async () => {
  const work = async (collection: string) => {
    await new Promise((resolve) => setImmediate(resolve));
    currentTrace()?.recordQuery({ collection, operation: 'find', durationMs: 2 });
  };
  const [first, second] = [new Trace('a'), new Trace('b')];
  await Promise.all([withTrace(first, () => work('orders')), withTrace(second, () => work('stock'))]);
  expect(first.queries.map(({ collection }) => collection)).toEqual(['orders']);
  expect(second.databaseMs).toBe(2);
  expect(currentTrace()).toBeUndefined();
});

test('a request of a thousand queries counts them all and keeps a hundred', () => {
  const trace = new Trace('r');
  for (let index = 0; index < 1_000; index += 1)
    trace.recordQuery({ collection: 'c', operation: 'find', durationMs: 0 });
  expect([trace.queryCount, trace.queries.length]).toEqual([1_000, 100]);
});

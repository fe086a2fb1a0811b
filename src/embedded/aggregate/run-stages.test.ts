import { describe, expect, test } from '@jest/globals';
import { Double, Long } from 'bson';
import { runStages, streamStages } from './run-stages.ts';

describe('runStages', () => {
  test('with documents that are kept elsewhere, leaves them as they are', () => {
    const documents = [{ _id: 1, a: [{ b: 1 }], c: { d: 1 } }];
    const before = structuredClone(documents);
    runStages(documents, [{ $set: { 'a.b': 2, 'c.d': 3 } }, { $unset: 'c' }, { $unwind: '$a' }]);
    expect(documents).toEqual(before);
  });

  test('with variables, gives their values to expressions', () => {
    expect(runStages([{ n: 1 }], [{ $set: { n: { $add: ['$n', '$$more'] } } }], { variables: { more: 2 } })).toEqual([
      { n: 3 },
    ]);
  });

  test('with a time given, answers it as $$NOW', () => {
    const now = new Date(0);
    expect(runStages([{}], [{ $set: { now: '$$NOW' } }], { now })).toEqual([{ now }]);
  });

  test('of fields that are only handed on, keeps the classes of numbers', () => {
    const [found] = runStages([{ a: new Double(5), b: Long.fromNumber(7) }], [{ $project: { a: 1, c: '$b' } }]);
    expect(found).toEqual({ a: new Double(5), c: Long.fromNumber(7) });
  });

  test('of a collection that only a command could read, finds nothing', () => {
    expect(
      runStages([{ _id: 1 }], [{ $lookup: { from: 'x', localField: '_id', foreignField: '_id', as: 'found' } }]),
    ).toEqual([{ _id: 1, found: [] }]);
  });

  test('where nobody asks for more, takes no more from its input', () => {
    let taken = 0;
    const endless = (function* () {
      for (;;) yield { n: taken++ };
    })();
    expect([...streamStages(endless, [{ $match: { n: { $gte: 2 } } }, { $limit: 2 }])]).toEqual([{ n: 2 }, { n: 3 }]);
    expect(taken).toBe(4);
  });
});

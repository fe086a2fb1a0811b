import { describe, expect, test } from '@jest/globals';
import { splitHead } from './head.ts';

describe('splitHead', () => {
  test('takes leading filters, sort, skip and limit', () => {
    const rest = { $group: { _id: null } };
    const head = splitHead([
      { $match: { a: 1 } },
      { $match: { b: 2 } },
      { $sort: { a: 1 } },
      { $match: { c: 3 } },
      { $skip: 2 },
      { $limit: 5 },
      rest,
    ]);
    expect(head).toEqual({
      filter: { $and: [{ a: 1 }, { b: 2 }, { c: 3 }] },
      sort: { a: 1 },
      skip: 2,
      limit: 5,
      rest: [rest],
    });
  });

  test.each([
    ['a filter behind a limit', [{ $limit: 1 }, { $match: { a: 1 } }], 1],
    ['a sort behind a limit', [{ $limit: 1 }, { $sort: { a: 1 } }], 1],
    ['a second sort', [{ $sort: { a: 1 } }, { $sort: { b: 1 } }], 1],
    ['a filter behind a change', [{ $set: { a: 1 } }, { $match: { a: 1 } }], 2],
    ['a skip of all that a limit leaves', [{ $limit: 2 }, { $skip: 2 }], 1],
  ])('leaves %s', (_what, stages, left) => {
    expect(splitHead(stages).rest).toHaveLength(left);
  });

  test('a limit before a skip is shortened by it', () => {
    expect(splitHead([{ $limit: 5 }, { $skip: 2 }])).toMatchObject({ skip: 2, limit: 3, rest: [] });
  });
});

import { describe, expect, test } from '@jest/globals';
import { compileExpression } from './expression.ts';

const evaluate = (argument: unknown): unknown => compileExpression({ $dateFromParts: argument })({});

describe('$dateFromParts', () => {
  test.each([
    ['a year alone is its first of January', { year: 2020 }, '2020-01-01T00:00:00.000Z'],
    ['a month beyond twelve goes on into the next year', { year: 2020, month: 14, day: 1 }, '2021-02-01T00:00:00.000Z'],
    ['day 0 is the last of the month before', { year: 2021, month: 3, day: 0 }, '2021-02-28T00:00:00.000Z'],
    ['an early year keeps its century', { year: 33 }, '0033-01-01T00:00:00.000Z'],
    ['an ISO week begins on Monday', { isoWeekYear: 2021, isoWeek: 1 }, '2021-01-04T00:00:00.000Z'],
    [
      'a zone by name is in force on that day',
      { year: 2021, month: 7, timezone: 'Europe/Berlin' },
      '2021-06-30T22:00:00.000Z',
    ],
    ['a zone by offset', { year: 2021, hour: 3, timezone: '-05:30' }, '2021-01-01T08:30:00.000Z'],
  ])('%s', (_case, argument, expected) => {
    expect(evaluate(argument)).toEqual(new Date(expected));
  });

  test('a part that is null makes the result null', () => {
    expect(evaluate({ year: 2020, month: null })).toBeNull();
  });

  test.each([
    ['neither kind of year', { month: 1 }, 40516],
    ['parts of both calendars', { year: 2020, isoWeek: 1 }, 40489],
    ['a fraction', { year: 2020, month: 1.5 }, 40515],
    ['a year beyond 9999', { year: 10_000 }, 40523],
    ['an unknown zone', { year: 2020, timezone: 'Nowhere/Town' }, 40485],
  ])('%s is refused', (_case, argument, code) => {
    expect(() => evaluate(argument)).toThrow(expect.objectContaining({ code }));
  });
});

import { describe, expect, test } from '@jest/globals';
import { Long, ObjectId, Timestamp } from 'bson';
import { compileExpression } from './expression.ts';

const evaluate = (expression: unknown, document: unknown = {}): unknown => compileExpression(expression)(document);
const at = (text: string): Date => new Date(text);

const NEW_YEAR = at('2026-01-10T23:30:45.678Z');
const SUNDAY = at('2021-01-03T12:00:00Z');
const ID = ObjectId.createFromTime(1_767_225_600);

describe('$dateTrunc', () => {
  const trunc = (date: unknown, rest: object): unknown => evaluate({ $dateTrunc: { date, ...rest } });
  test.each([
    ['a day in a zone', { unit: 'day', timezone: 'Europe/Berlin' }, '2026-01-10T23:00:00Z'],
    ['a day west of UTC', { unit: 'day', timezone: 'America/New_York' }, '2026-01-10T05:00:00Z'],
    ['an hour at half an hour', { unit: 'hour', timezone: '+05:30' }, '2026-01-10T23:30:00Z'],
    ['a week begins on Sunday', { unit: 'week' }, '2026-01-04T00:00:00Z'],
    ['a week from another day', { unit: 'week', startOfWeek: 'MON' }, '2026-01-05T00:00:00Z'],
    ['two weeks from the first Sunday of 2000', { unit: 'week', binSize: 2 }, '2025-12-28T00:00:00Z'],
    ['half a year', { unit: 'month', binSize: 6 }, '2026-01-01T00:00:00Z'],
    ['a quarter', { unit: 'quarter' }, '2026-01-01T00:00:00Z'],
    ['seven years', { unit: 'year', binSize: Long.fromNumber(7) }, '2021-01-01T00:00:00Z'],
    ['a quarter of an hour', { unit: 'minute', binSize: 15 }, '2026-01-10T23:30:00Z'],
    ['tenths of a second', { unit: 'millisecond', binSize: 100 }, '2026-01-10T23:30:45.600Z'],
  ])('%s', (_case, rest, expected) => {
    expect(trunc(NEW_YEAR, rest)).toEqual(at(expected));
  });

  test('a date before 2000 falls into the bin that begins before it', () => {
    expect(trunc(at('1999-12-31T10:00:00Z'), { unit: 'year', binSize: 10 })).toEqual(at('1990-01-01T00:00:00Z'));
  });

  test.each([
    ['a date', { date: null, unit: 'day' }],
    ['a unit', { date: NEW_YEAR, unit: '$none' }],
    ['a zone', { date: NEW_YEAR, unit: 'day', timezone: null }],
    ['a bin', { date: NEW_YEAR, unit: 'day', binSize: null }],
    ['a start of weeks', { date: NEW_YEAR, unit: 'week', startOfWeek: null }],
  ])('%s that is null or missing makes the result null', (_case, argument) => {
    expect(evaluate({ $dateTrunc: argument })).toBeNull();
  });
});

describe('$dateAdd and $dateSubtract', () => {
  test.each([
    ['a month ends where it is shorter', '2026-01-31T12:00:00Z', 'month', 1, 'UTC', '2026-02-28T12:00:00Z'],
    ['a leap day becomes the 28th', '2024-02-29T00:00:00Z', 'year', 1, 'UTC', '2025-02-28T00:00:00Z'],
    ['a quarter back', '2026-05-31T00:00:00Z', 'quarter', -1, 'UTC', '2026-02-28T00:00:00Z'],
    ['a day keeps the hour', '2026-03-28T11:00:00Z', 'day', 1, 'Europe/Berlin', '2026-03-29T10:00:00Z'],
    ['24 hours do not', '2026-03-28T11:00:00Z', 'hour', 24, 'Europe/Berlin', '2026-03-29T11:00:00Z'],
    ['a month ends by the zone', '2026-01-31T23:30:00Z', 'month', 1, 'Europe/Berlin', '2026-02-28T23:30:00Z'],
    ['a week', '2026-01-01T00:00:00Z', 'week', 2, 'UTC', '2026-01-15T00:00:00Z'],
  ])('%s', (_case, start, unit, amount, timezone, expected) => {
    const argument = { startDate: at(start), unit, timezone };
    expect(evaluate({ $dateAdd: { ...argument, amount } })).toEqual(at(expected));
    expect(evaluate({ $dateSubtract: { ...argument, amount: -amount } })).toEqual(at(expected));
  });

  test('an amount that is null makes the result null', () => {
    expect(evaluate({ $dateAdd: { startDate: NEW_YEAR, unit: 'day', amount: null } })).toBeNull();
  });
});

describe('$dateDiff', () => {
  const diff = (start: string, end: string, rest: object): unknown =>
    evaluate({ $dateDiff: { startDate: at(start), endDate: at(end), ...rest } });
  test.each([
    ['a year is crossed in a second', '2025-12-31T23:59:59Z', '2026-01-01T00:00:00Z', { unit: 'year' }, 1],
    ['a quarter', '2025-12-31T00:00:00Z', '2026-04-01T00:00:00Z', { unit: 'quarter' }, 2],
    ['weeks from Sunday', '2026-01-03T00:00:00Z', '2026-01-04T00:00:00Z', { unit: 'week' }, 1],
    ['weeks from Monday', '2026-01-03T00:00:00Z', '2026-01-04T00:00:00Z', { unit: 'week', startOfWeek: 'monday' }, 0],
    ['a day in a zone', '2026-01-10T22:30:00Z', '2026-01-10T23:30:00Z', { unit: 'day', timezone: 'Europe/Berlin' }, 1],
    [
      'hours over a change of the clocks',
      '2026-03-28T23:00:00Z',
      '2026-03-29T22:00:00Z',
      { unit: 'hour', timezone: 'Europe/Berlin' },
      23,
    ],
    ['minutes backwards', '2026-01-01T01:00:00Z', '2026-01-01T00:00:30Z', { unit: 'minute' }, -60],
    ['milliseconds', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01.5Z', { unit: 'millisecond' }, 1500],
  ])('%s', (_case, start, end, rest, expected) => {
    expect(diff(start, end, rest)).toBe(expected);
  });
});

describe('parts of a date', () => {
  test.each([
    ['$year', 2021],
    ['$month', 1],
    ['$week', 1],
    ['$dayOfMonth', 3],
    ['$dayOfWeek', 1],
    ['$dayOfYear', 3],
    ['$hour', 12],
    ['$minute', 0],
    ['$second', 0],
    ['$millisecond', 0],
    ['$isoWeek', 53],
    ['$isoWeekYear', 2020],
    ['$isoDayOfWeek', 7],
  ])('%s of a Sunday is %d, in every form of the argument', (name, expected) => {
    expect(evaluate({ [name]: '$d' }, { d: SUNDAY })).toBe(expected);
    expect(evaluate({ [name]: ['$d'] }, { d: SUNDAY })).toBe(expected);
    expect(evaluate({ [name]: { date: '$d', timezone: '+00' } }, { d: SUNDAY })).toBe(expected);
    expect(evaluate({ [name]: '$none' })).toBeNull();
    expect(evaluate({ [name]: { date: '$d', timezone: '$none' } }, { d: SUNDAY })).toBeNull();
  });

  test('an ObjectId and a timestamp stand for their time', () => {
    expect(evaluate({ $year: ID })).toBe(2026);
    expect(evaluate({ $year: new Timestamp({ t: 1_767_225_600, i: 1 }) })).toBe(2026);
  });

  test('$dateToParts takes a date apart by calendar and by week', () => {
    const time = { hour: 0, minute: 30, second: 45, millisecond: 678 };
    expect(evaluate({ $dateToParts: { date: NEW_YEAR, timezone: 'Europe/Berlin' } })).toEqual({
      year: 2026,
      month: 1,
      day: 11,
      ...time,
    });
    expect(evaluate({ $dateToParts: { date: NEW_YEAR, timezone: 'Europe/Berlin', iso8601: true } })).toEqual({
      isoWeekYear: 2026,
      isoWeek: 2,
      isoDayOfWeek: 7,
      ...time,
    });
    expect(evaluate({ $dateToParts: { date: null } })).toBeNull();
  });
});

describe('$dateToString', () => {
  test.each([
    [{ format: '%Y-%m-%dT%H:%M:%S.%L' }, '2026-01-10T23:30:45.678'],
    [{ format: '%j %U %w %u %V %G' }, '010 01 7 6 02 2026'],
    [{ format: '%d. %B (%b) 100%%' }, '10. January (Jan) 100%'],
    [{ format: '%H:%M %z %Z', timezone: 'America/New_York' }, '18:30 -0500 -300'],
    [{ format: '%H:%M %z %Z', timezone: '+05:30' }, '05:00 +0530 330'],
    [{}, '2026-01-10T23:30:45.678Z'],
    [{ timezone: 'Europe/Berlin' }, '2026-01-11T00:30:45.678'],
    [{ format: null }, null],
    [{ timezone: null }, null],
  ])('with %j writes %j', (rest, expected) => {
    expect(evaluate({ $dateToString: { date: NEW_YEAR, ...rest } })).toBe(expected);
  });

  test('no date is written as onNull says', () => {
    expect(evaluate({ $dateToString: { date: '$none', onNull: 'never' } })).toBe('never');
    expect(evaluate({ $dateToString: { date: '$none' } })).toBeNull();
  });
});

describe('$dateFromString', () => {
  const read = (dateString: unknown, rest: object = {}): unknown =>
    evaluate({ $dateFromString: { dateString, ...rest } });
  test.each([
    ['2017-02-08T12:10:40.787Z', '2017-02-08T12:10:40.787Z'],
    ['2017-02-08T12:10:40.787', '2017-02-08T12:10:40.787Z'],
    ['2017-02-08', '2017-02-08T00:00:00Z'],
    ['2017-02-08 12:10', '2017-02-08T12:10:00Z'],
    ['2017-02-08T12:10:40+0530', '2017-02-08T06:40:40Z'],
    ['2017-02-08T12:10:40 -05:00', '2017-02-08T17:10:40Z'],
    ['20170208T121040Z', '2017-02-08T12:10:40Z'],
    ['2017-02', '2017-02-01T00:00:00Z'],
    ['2017-W06-3', '2017-02-08T00:00:00Z'],
    ['02/08/2017', '2017-02-08T00:00:00Z'],
    ['July 4th, 2017 11:30 pm', '2017-07-04T23:30:00Z'],
    ['4 Jul 2017', '2017-07-04T00:00:00Z'],
  ])('%s is read', (text, expected) => {
    expect(read(text)).toEqual(at(expected));
  });

  test.each([
    ['06-15-2018', '%m-%d-%Y', '2018-06-15T00:00:00Z'],
    ['2018.166 07', '%Y.%j %H', '2018-06-15T07:00:00Z'],
    ['2018-24-5', '%G-%V-%u', '2018-06-15T00:00:00Z'],
    ['15 Jun 2018 +0200', '%d %b %Y %z', '2018-06-14T22:00:00Z'],
    ['15 June 2018 90', '%d %B %Y %Z', '2018-06-14T22:30:00Z'],
    ['100% 2018-06-15 1:02:03.4', '100%% %Y-%m-%d %H:%M:%S.%L', '2018-06-15T01:02:03.400Z'],
  ])('%s is read by the format %s', (dateString, format, expected) => {
    expect(read(dateString, { format })).toEqual(at(expected));
  });

  test('a zone says where clocks show the time', () => {
    expect(read('2026-07-01T12:00:00', { timezone: 'Europe/Berlin' })).toEqual(at('2026-07-01T10:00:00Z'));
  });

  test('what was written is read again', () => {
    const format = '%Y-%m-%dT%H:%M:%S.%L%z';
    const text = evaluate({ $dateToString: { date: NEW_YEAR, format, timezone: 'Asia/Kolkata' } });
    expect(read(text, { format })).toEqual(NEW_YEAR);
    expect(read(text)).toEqual(NEW_YEAR);
  });

  test.each([
    ['no date', 'tomorrow or so', {}],
    ['a day that is not on the calendar', '2017-02-30', {}],
    ['a month that is not on the calendar', '2017-13-01', {}],
    ['an incomplete date', '2017', {}],
    ['a date without its day', '2017-02', { format: '%Y-%m' }],
    ['a date of another format', '2017-02-08', { format: '%d.%m.%Y' }],
    ['both calendars', '2017-02 2017-06', { format: '%Y-%m %G-%V' }],
    ['an offset beside a zone', '2017-02-08T12:00:00+01:00', { timezone: 'Europe/Berlin' }],
    ['the name of a zone', '2017-02-08T12:00:00 Europe/Berlin', {}],
    ['a number', 5, {}],
  ])('%s is refused, or taken for what onError says', (_case, text, rest) => {
    expect(() => read(text, rest)).toThrow(expect.objectContaining({ code: 241 }));
    expect(read(text, { ...rest, onError: 'none' })).toBe('none');
  });

  test('no text gives what onNull says', () => {
    expect(read(null, { onNull: 'never', onError: 'none' })).toBe('never');
    expect(read('$none')).toBeNull();
  });
});

describe('operators on dates', () => {
  const day = { unit: 'day' };
  const add = { startDate: NEW_YEAR, unit: 'day', amount: 1 };
  const two = { startDate: NEW_YEAR, endDate: NEW_YEAR };
  test.each([
    [{ $year: 'x' }, 16006],
    [{ $year: { date: NEW_YEAR, timezone: 5 } }, 40517],
    [{ $year: { date: NEW_YEAR, timezone: 'Nowhere' } }, 40485],
    [{ $year: { date: NEW_YEAR, zone: 'UTC' } }, 40535],
    [{ $year: { timezone: 'UTC' } }, 40539],
    [{ $year: [NEW_YEAR, NEW_YEAR] }, 40536],
    [{ $dateTrunc: 5 }, 5439007],
    [{ $dateTrunc: { date: NEW_YEAR, ...day, foo: 1 } }, 5439008],
    [{ $dateTrunc: day }, 5439009],
    [{ $dateTrunc: { date: NEW_YEAR } }, 5439010],
    [{ $dateTrunc: { date: 'x', ...day } }, 5439012],
    [{ $dateTrunc: { date: NEW_YEAR, unit: 5 } }, 5439013],
    [{ $dateTrunc: { date: NEW_YEAR, unit: 'century' } }, 5439014],
    [{ $dateTrunc: { date: NEW_YEAR, unit: 'week', startOfWeek: 5 } }, 5439015],
    [{ $dateTrunc: { date: NEW_YEAR, unit: 'week', startOfWeek: 'someday' } }, 5439016],
    [{ $dateTrunc: { date: NEW_YEAR, ...day, binSize: 1.5 } }, 5439017],
    [{ $dateTrunc: { date: NEW_YEAR, ...day, binSize: 0 } }, 5439018],
    [{ $dateTrunc: { date: NEW_YEAR, ...day, binSize: 1e12 } }, 5439006],
    [{ $dateTrunc: { date: NEW_YEAR, ...day, timezone: 'Nowhere' } }, 40485],
    [{ $dateDiff: 5 }, 5166301],
    [{ $dateDiff: { ...two, ...day, foo: 1 } }, 5166302],
    [{ $dateDiff: day }, 5166303],
    [{ $dateDiff: { startDate: NEW_YEAR, ...day } }, 5166304],
    [{ $dateDiff: two }, 5166305],
    [{ $dateDiff: { ...two, endDate: 'x', ...day } }, 5166307],
    [{ $dateAdd: 5 }, 5166400],
    [{ $dateAdd: { ...add, foo: 1 } }, 5166401],
    [{ $dateAdd: day }, 5166402],
    [{ $dateAdd: { ...add, startDate: 'x' } }, 5166403],
    [{ $dateAdd: { ...add, amount: 1.5 } }, 5166405],
    [{ $dateAdd: { ...add, unit: 'millisecond', amount: 1e17 } }, 5166406],
    [{ $dateAdd: { ...add, amount: 1e15 } }, 5976500],
    [{ $dateSubtract: { ...add, unit: 'eon' } }, 5439014],
    [{ $dateToParts: 5 }, 40524],
    [{ $dateToParts: { foo: 1 } }, 40520],
    [{ $dateToParts: {} }, 40522],
    [{ $dateToParts: { date: NEW_YEAR, iso8601: 1 } }, 40521],
    [{ $dateToString: 5 }, 18629],
    [{ $dateToString: { foo: 1 } }, 18534],
    [{ $dateToString: {} }, 18628],
    [{ $dateToString: { date: NEW_YEAR, format: 5 } }, 18533],
    [{ $dateToString: { date: NEW_YEAR, format: '%' } }, 18535],
    [{ $dateToString: { date: NEW_YEAR, format: '%n' } }, 18536],
    [{ $dateToString: { date: at('+012026-01-01T00:00:00Z') } }, 18537],
    [{ $dateToString: { date: null, timezone: 'Nowhere' } }, 40485],
    [{ $dateFromString: 5 }, 40540],
    [{ $dateFromString: { foo: 1 } }, 40541],
    [{ $dateFromString: {} }, 40542],
    [{ $dateFromString: { dateString: 'x', format: 5 } }, 40684],
    [{ $dateFromString: { dateString: 'x', format: '%w' } }, 18536],
  ])('%j is refused with %d', (expression, code) => {
    expect(() => evaluate(expression)).toThrow(expect.objectContaining({ code }));
  });
});

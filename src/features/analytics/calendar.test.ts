import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDays, beginningsBetween, beginOf, daysBetween, localDay, startOfDay } from './calendar.ts';

test('a week begins on Monday and a month on its first day', () => {
  expect(beginOf('2026-03-01', 'week')).toBe('2026-02-23');
  expect(beginOf('2026-03-02', 'week')).toBe('2026-03-02');
  expect(beginOf('2026-03-31', 'month')).toBe('2026-03-01');
});

test('the months between two days include those that are only touched', () => {
  expect(beginningsBetween('2025-12-31', '2026-03-02', 'month')).toEqual([
    '2025-12-01',
    '2026-01-01',
    '2026-02-01',
    '2026-03-01',
  ]);
});

test('a day begins at midnight of its zone, in summer and in winter', () => {
  expect(startOfDay('2026-07-01', 'Europe/Berlin').toISOString()).toBe('2026-06-30T22:00:00.000Z');
  expect(startOfDay('2026-01-01', 'Europe/Berlin').toISOString()).toBe('2025-12-31T23:00:00.000Z');
  expect(startOfDay('2026-01-01', 'Pacific/Kiritimati').toISOString()).toBe('2025-12-31T10:00:00.000Z');
});

test('a day without midnight begins when the clock has been put forward', () => {
  expect(startOfDay('2018-11-04', 'America/Sao_Paulo').toISOString()).toBe('2018-11-04T03:00:00.000Z');
});

test('the start of any day is its first moment', () => {
  const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia', 'Asia/Tokyo');
  const days = fc.integer({ min: 0, max: 3_650 }).map((days) => addDays('2020-01-01', days));
  fc.assert(
    fc.property(zones, days, (zone, day) => {
      const start = startOfDay(day, zone);
      expect(localDay(start, zone)).toBe(day);
      expect(localDay(new Date(start.getTime() - 1), zone)).toBe(addDays(day, -1));
      expect(daysBetween(addDays(day, -1), day)).toBe(1);
    }),
    { numRuns: 30 },
  );
});

test('what lies beyond the years of four digits is refused, and not counted towards for ever', () => {
  expect(() => beginningsBetween('9999-11-01', '9999-12-31', 'month')).toThrow(RangeError);
  expect(() => addDays('0000-01-01', -1)).toThrow(RangeError);
});

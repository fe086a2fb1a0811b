import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addUnits, difference, truncate } from './date-units.ts';
import type { TimeUnit } from './date-units.ts';
import { timeZone, toLocal } from './time-zones.ts';

const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC', '+05:30'];
const UNITS: readonly TimeUnit[] = [
  'year',
  'quarter',
  'month',
  'week',
  'day',
  'hour',
  'minute',
  'second',
  'millisecond',
];
const CALENDAR_UNITS: readonly TimeUnit[] = ['year', 'quarter', 'month', 'week', 'day'];

/** On Lord Howe clocks skipped a midnight in 1981. */
const instants = fc.integer({ min: Date.UTC(1985, 6, 1), max: Date.UTC(2060, 0, 1) });

/** What clocks show, in the order of the units that a truncation sets to their start. */
function parts(instant: number, zone: string): number[] {
  const text = new Date(toLocal(instant, timeZone(zone))).toISOString();
  return (text.match(/\d+/g) ?? []).map(Number);
}

const STARTS: Readonly<Record<string, (shown: readonly number[]) => boolean>> = {
  year: ([, month, ...rest]) => month === 1 && isMidnight(rest),
  quarter: ([, month = 0, ...rest]) => month % 3 === 1 && isMidnight(rest),
  month: ([, , ...rest]) => isMidnight(rest),
  week: ([, , , ...time]) => time.every((part) => part === 0),
  day: ([, , , ...time]) => time.every((part) => part === 0),
  hour: ([, , , , ...rest]) => rest.every((part) => part === 0),
  minute: ([, , , , , ...rest]) => rest.every((part) => part === 0),
  second: ([, , , , , , millisecond]) => millisecond === 0,
  millisecond: () => true,
};

function isMidnight([day, ...time]: readonly number[]): boolean {
  return day === 1 && time.every((part) => part === 0);
}

/** The start of a unit by walking back minute by minute until clocks show it. */
function truncateByWalking(instant: number, unit: TimeUnit, zone: string): number {
  let minute = Math.floor(instant / 60_000) * 60_000;
  while (STARTS[unit]?.(parts(minute, zone)) !== true) minute -= 60_000;
  return minute;
}

describe.each(ZONES)('units of time in %s', (name) => {
  const zone = timeZone(name);
  const bins = (unit: TimeUnit, size = 1) => ({ unit, size, zone, startOfWeek: 1 });
  /** Bins of hours are of fixed length, so that half an hour of summer time shifts them against the clock. */
  const isShifted = (unit: TimeUnit): boolean => unit === 'hour' && name === 'Australia/Lord_Howe';

  test.each(UNITS)('a truncation to the %s is idempotent, not after the date, and a start of it', (unit) => {
    fc.assert(
      fc.property(instants, (instant) => {
        const start = truncate(instant, bins(unit));
        expect(start).toBeLessThanOrEqual(instant);
        expect(truncate(start, bins(unit))).toBe(start);
        if (!isShifted(unit)) expect(STARTS[unit]?.(parts(start, name))).toBe(true);
        const next = addUnits(start, unit, 1, zone);
        expect(next).toBeGreaterThan(instant);
        expect(truncate(next, bins(unit))).toBe(next);
      }),
      { numRuns: 100 },
    );
  });

  test('a truncation to the day is what walking back finds', () => {
    fc.assert(
      fc.property(instants, (instant) => {
        expect(truncate(instant, bins('day'))).toBe(truncateByWalking(instant, 'day', name));
      }),
      { numRuns: 20 },
    );
  });

  test.each(UNITS)('bins of several of the %s begin a whole number of bins from the year 2000', (unit) => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 20 }), (instant, size) => {
        const start = truncate(instant, bins(unit, size));
        const monday = truncate(Date.UTC(2000, 0, 4, 12), bins('week'));
        const first = unit === 'week' ? monday : truncate(Date.UTC(2000, 0, 1, 12), bins('year'));
        expect(start).toBeLessThanOrEqual(instant);
        if (isShifted(unit)) return;
        expect(Math.abs(difference([first, start], unit, zone, 1) % size)).toBe(0);
        expect(difference([start, instant], unit, zone, 1)).toBeLessThan(size);
      }),
      { numRuns: 100 },
    );
  });
});

describe.each(ZONES)('differences and sums in %s', (name) => {
  const zone = timeZone(name);
  const bins = (unit: TimeUnit) => ({ unit, size: 1, zone, startOfWeek: 1 });

  test.each(CALENDAR_UNITS)('the difference in %ss counts the starts that truncations pass', (unit) => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 40 }), (instant, count) => {
        const start = truncate(instant, bins(unit));
        const end = addUnits(start, unit, count, zone);
        expect(difference([instant, end], unit, zone, 1)).toBe(count);
        expect(difference([end, instant], unit, zone, 1)).toBe(-count + 0);
        expect(difference([start - 1, end], unit, zone, 1)).toBe(count + 1);
      }),
      { numRuns: 100 },
    );
  });

  test('days are added on the clock and hours by the hour', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: -400, max: 400 }), (instant, count) => {
        expect(addUnits(instant, 'hour', count, zone)).toBe(instant + count * 3_600_000);
        const local = toLocal(instant, zone) + count * 86_400_000;
        const shown = toLocal(addUnits(instant, 'day', count, zone), zone);
        // Only a time that clocks skip is shown as another.
        if (shown !== local) expect(shown - local).toBeGreaterThan(0);
        expect(shown - local).toBeLessThanOrEqual(3_600_000);
      }),
      { numRuns: 100 },
    );
  });
});

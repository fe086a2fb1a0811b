import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { timeZone, toInstant, toLocal } from './time-zones.ts';

const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC', 'Africa/Casablanca'];
const FROM = Date.UTC(1900, 0, 1);
const TO = Date.UTC(2090, 0, 1);

/** What clocks show, by Intl's parts instead of its offsets. */
function shown(instant: number, zone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  return format.format(instant);
}

function written(local: number): string {
  return new Date(local).toISOString().slice(0, 19).replace('T', ' ');
}

describe('time zones', () => {
  test.each(ZONES)('%s: any instant is shown as Intl shows it', (name) => {
    const zone = timeZone(name);
    fc.assert(
      fc.property(fc.integer({ min: FROM, max: TO }), (instant) => {
        expect(written(toLocal(instant, zone))).toBe(shown(instant, name));
      }),
      { numRuns: 300 },
    );
  });

  test.each(ZONES)('%s: every minute around the changes of a year is shown as Intl shows it', (name) => {
    const zone = timeZone(name);
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone: name, dateStyle: 'short', timeStyle: 'medium' });
    const hours = Array.from({ length: 365 * 24 }, (_unused, hour) => Date.UTC(2026, 0, 1) + hour * 3_600_000);
    const changes = hours.filter((hour) => zone.offsetAt(hour) !== zone.offsetAt(hour + 3_600_000));
    for (const change of changes) {
      for (let minute = -60; minute < 120; minute++) {
        const instant = change + minute * 60_000;
        expect(written(toLocal(instant, zone))).toBe(format.format(instant));
      }
    }
    expect(changes.length > 0).toBe(name !== 'Asia/Kolkata' && name !== 'UTC');
  });

  test.each([...ZONES, '+05:30'])('%s: what clocks show leads back to an instant at which they show it', (name) => {
    const zone = timeZone(name);
    fc.assert(
      fc.property(fc.integer({ min: FROM, max: TO }), (instant) => {
        const local = toLocal(instant, zone);
        for (const preference of ['earlier', 'later'] as const) {
          expect(toLocal(toInstant(local, zone, preference), zone)).toBe(local);
        }
        expect(toInstant(local, zone, zone.offsetAt(instant))).toBe(instant);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['+05:30', 330],
    ['-0330', -210],
    ['+14', 840],
    ['-00:00', 0],
  ])('the offset %s is read', (name, minutes) => {
    expect(timeZone(name).offsetAt(0)).toBe(minutes * 60_000);
  });

  test.each(['Nowhere/Town', '', '+5', '+05:', '+05:3', '5', 'Europe/Berlin '])('the zone "%s" is refused', (name) => {
    expect(() => timeZone(name)).toThrow(expect.objectContaining({ code: 40485 }));
  });
});

describe('a local time that is no single instant', () => {
  test('a time that clocks skip is read as if they did not', () => {
    const berlin = toInstant(Date.UTC(2026, 2, 29, 2, 30), timeZone('Europe/Berlin'));
    const newYork = toInstant(Date.UTC(2026, 2, 8, 2, 30), timeZone('America/New_York'));
    expect(new Date(berlin)).toEqual(new Date('2026-03-29T01:30:00Z'));
    expect(new Date(newYork)).toEqual(new Date('2026-03-08T07:30:00Z'));
  });

  test('a time that clocks show twice is the one that is asked for', () => {
    const zone = timeZone('Europe/Berlin');
    const local = Date.UTC(2026, 9, 25, 2, 30);
    expect(new Date(toInstant(local, zone, 'earlier'))).toEqual(new Date('2026-10-25T00:30:00Z'));
    expect(new Date(toInstant(local, zone, 'later'))).toEqual(new Date('2026-10-25T01:30:00Z'));
    expect(new Date(toInstant(local, zone, 7_200_000))).toEqual(new Date('2026-10-25T00:30:00Z'));
  });
});

import { CommandError } from '../errors.ts';

/** A place's clock: how far it is ahead of UTC, and when. */
export interface TimeZone {
  /** Whether it is UTC itself; a place that merely has no offset is not. */
  readonly isUtc: boolean;
  /** @param instant milliseconds since 1970 in UTC @returns milliseconds to add for what clocks show */
  offsetAt(instant: number): number;
}

/** Which of two instants is meant where clocks show a time twice: one of the two, or the one with that offset if there is one. */
export type Preference = 'earlier' | 'later' | number;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;

/** Days that a zone remembers: some 270 years, in about a megabyte. */
const REMEMBERED_DAYS = 100_000;
const REMEMBERED_QUARTERS = 10_000;
/** There are some 600 names, and 6,000 offsets of hours and minutes. */
const REMEMBERED_ZONES = 1_000;

/** A local time is at most this far from the instant with the same number. */
const FARTHEST_AHEAD_MS = 15 * HOUR_MS;
const FARTHEST_BEHIND_MS = 13 * HOUR_MS;

/** The last instant that a Date can hold. */
const LAST_INSTANT = 8.64e15;

function fixed(offset: number): TimeZone {
  return { isUtc: offset === 0, offsetAt: () => offset };
}

function remember(memo: Map<number, number>, key: number, value: number, most: number): void {
  if (memo.size >= most) memo.clear();
  memo.set(key, value);
}

/** Reads what `longOffset` prints: `GMT`, `GMT+05:30`, and with seconds for the mean time of a place. */
function parseOffset(text: string): number {
  const found = /GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (found === null) return 0;
  const [, sign, hours, minutes, seconds = '0'] = found;
  const offset = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * 1_000;
  return sign === '-' ? -offset : offset;
}

/**
 * A zone from the time zone database inside of ICU. Asking it takes some microseconds, so that a day without a change of the clocks is
 * remembered as a whole; on the others quarters of an hour are. No zone has two changes in one day.
 */
function named(format: Intl.DateTimeFormat): TimeZone {
  const days = new Map<number, number>();
  const quarters = new Map<number, number>();
  const ask = (instant: number): number => {
    if (Number.isNaN(instant)) return 0;
    return parseOffset(format.format(Math.max(-LAST_INSTANT, Math.min(LAST_INSTANT, instant))));
  };
  const onDayOfChange = (instant: number): number => {
    const quarter = Math.floor(instant / QUARTER_MS);
    const known = quarters.get(quarter);
    if (known !== undefined) return known;
    const start = ask(quarter * QUARTER_MS);
    // Places left their mean time at odd seconds.
    if (start !== ask((quarter + 1) * QUARTER_MS - 1)) return ask(instant);
    remember(quarters, quarter, start, REMEMBERED_QUARTERS);
    return start;
  };
  const offsetAt = (instant: number): number => {
    const day = Math.floor(instant / DAY_MS);
    const known = days.get(day);
    if (known !== undefined) return Number.isNaN(known) ? onDayOfChange(instant) : known;
    const start = ask(day * DAY_MS);
    const isWhole = start === ask((day + 1) * DAY_MS - 1);
    remember(days, day, isWhole ? start : NaN, REMEMBERED_DAYS);
    return isWhole ? start : onDayOfChange(instant);
  };
  return { isUtc: false, offsetAt };
}

function unknownZone(name: string): CommandError {
  return new CommandError(40485, `unrecognized time zone identifier: "${name}"`);
}

function build(name: string): TimeZone {
  const offset = /^([+-])(\d{2})(?::?(\d{2}))?$/.exec(name);
  if (offset !== null) {
    const [, sign, hours, minutes = '0'] = offset;
    const ahead = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS;
    return fixed(sign === '-' && ahead !== 0 ? -ahead : ahead);
  }
  // Intl would take offsets in forms of its own.
  if (!/^[A-Za-z]/.test(name)) throw unknownZone(name);
  try {
    return named(new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' }));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw unknownZone(name);
  }
}

export const UTC: TimeZone = fixed(0);

const zones = new Map<string, TimeZone>();

/**
 * The zone of a name such as `Europe/Berlin`, or of an offset: `+05`, `+0530`, `+05:30`.
 * @throws CommandError 40485 for an unknown zone
 */
export function timeZone(name: string): TimeZone {
  if (name === 'UTC') return UTC;
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = build(name);
  if (zones.size >= REMEMBERED_ZONES) zones.clear();
  zones.set(name, zone);
  return zone;
}

/** What clocks in the zone show at the instant, as the instant at which clocks in UTC show it. */
export function toLocal(instant: number, zone: TimeZone): number {
  return instant + zone.offsetAt(instant);
}

/**
 * The instant at which clocks in the zone show what clocks in UTC show at `local`. A time that clocks skip is read as if they did not.
 */
export function toInstant(local: number, zone: TimeZone, preference: Preference = 'later'): number {
  const before = zone.offsetAt(local - FARTHEST_AHEAD_MS);
  const after = zone.offsetAt(local + FARTHEST_BEHIND_MS);
  if (before === after) return local - before;
  const isEarlier = zone.offsetAt(local - before) === before;
  const isLater = zone.offsetAt(local - after) === after;
  if (isEarlier && isLater) return local - (preference === 'earlier' || preference === before ? before : after);
  return local - (isLater ? after : before);
}

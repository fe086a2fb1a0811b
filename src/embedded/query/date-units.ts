import { CommandError } from '../errors.ts';
import { addMonths, DAY_MS, dayNumber, HOUR_MS, MINUTE_MS, modulo, monthNumber, SECOND_MS } from './calendar.ts';
import { toInstant, toLocal } from './time-zones.ts';
import type { TimeZone } from './time-zones.ts';

/** Units by length in months, in days, or in milliseconds. */
const MONTHS = { year: 12, quarter: 3, month: 1 } as const;
const DAYS = { week: 7, day: 1 } as const;
const TIME = { hour: HOUR_MS, minute: MINUTE_MS, second: SECOND_MS, millisecond: 1 } as const;

export type TimeUnit = keyof typeof MONTHS | keyof typeof DAYS | keyof typeof TIME;

type Length = Readonly<{ months: number } | { days: number } | { milliseconds: number }>;

const LENGTHS: Readonly<Record<string, Length>> = {
  ...mapValues(MONTHS, (months) => ({ months })),
  ...mapValues(DAYS, (days) => ({ days })),
  ...mapValues(TIME, (milliseconds) => ({ milliseconds })),
};

function mapValues(of: Readonly<Record<string, number>>, make: (length: number) => Length): Record<string, Length> {
  return Object.fromEntries(Object.entries(of).map(([name, length]) => [name, make(length)]));
}

/** The days of a week, 1 being Monday, in the order of ISO 8601. */
const WEEK_DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/** Bins are counted from here, in local time: a Saturday. */
const REFERENCE = Date.UTC(2000, 0, 1);
const REFERENCE_DAY = dayNumber(REFERENCE);
const REFERENCE_MONTH = monthNumber(REFERENCE);
const REFERENCE_DAY_OF_WEEK = 6;

/** The most that MongoDB takes for bins of days and above. */
const LARGEST_BIN = 100_000_000_000;
const LARGEST_LONG = 2 ** 63;
const LAST_INSTANT = 8.64e15;

/** More days than fit between the first and the last date of MongoDB. */
const MOST_DAYS = Math.floor(2 ** 64 / DAY_MS) + 1;
const MOST_MONTHS = (Math.floor(MOST_DAYS / 365) + 1) * 12;

export function isTimeUnit(name: string): name is TimeUnit {
  return Object.hasOwn(LENGTHS, name);
}

/** The day of a week by its name or the first three letters of it, in any case; 1 is Monday, undefined stands for none. */
export function parseDayOfWeek(name: string): number | undefined {
  const lower = name.toLowerCase();
  const index = WEEK_DAYS.findIndex((day) => lower === day || lower === day.slice(0, 3));
  return index === -1 ? undefined : index + 1;
}

function lengthOf(unit: TimeUnit): Length {
  const length = LENGTHS[unit];
  if (length === undefined) throw new TypeError(`no length of ${unit}`);
  return length;
}

function isAmountInRange(amount: number, unit: TimeUnit): boolean {
  const length = lengthOf(unit);
  if ('months' in length) return Math.abs(amount) < MOST_MONTHS / length.months;
  if ('days' in length) return Math.abs(amount) < MOST_DAYS / length.days;
  return unit === 'millisecond' || Math.abs(amount) < MOST_DAYS * (DAY_MS / length.milliseconds);
}

/**
 * The instant some units later. Days and above keep the time of day that clocks in the zone show; months and above keep the day of the
 * month, or take the last one where there is no such day.
 * @throws CommandError 5976500 for an amount that no date can take, 5166406 for a result that is no date
 */
export function addUnits(instant: number, unit: TimeUnit, amount: number, zone: TimeZone): number {
  if (!isAmountInRange(amount, unit)) {
    throw new CommandError(5976500, `invalid dateAdd 'amount' parameter value: ${String(amount)} ${unit}`);
  }
  const length = lengthOf(unit);
  const result =
    'milliseconds' in length ? instant + amount * length.milliseconds : addDays(instant, length, amount, zone);
  if (Math.abs(result) <= LAST_INSTANT) return result;
  throw new CommandError(5166406, 'dateAdd overflowed');
}

function addDays(
  instant: number,
  length: { months: number } | { days: number },
  amount: number,
  zone: TimeZone,
): number {
  const offset = zone.offsetAt(instant);
  const local = instant + offset;
  const target = 'months' in length ? addMonths(local, amount * length.months) : local + amount * length.days * DAY_MS;
  return toInstant(target, zone, offset);
}

/** The start of the bin that the instant is in, and how bins lie. */
export interface Bins {
  readonly unit: TimeUnit;
  /** Units in a bin, above 0. */
  readonly size: number;
  readonly zone: TimeZone;
  /** 1 is Monday. */
  readonly startOfWeek: number;
}

/**
 * The start of the bin that the instant is in. Bins are counted from the start of the year 2000 in the zone, those of weeks from the
 * first start of a week in it. Bins of hours and below have a fixed length, so that changes of the clocks may shift them against the
 * hours that clocks show, as in MongoDB.
 * @throws CommandError 5439002 or 5439006 for bins that are too large
 */
export function truncate(instant: number, { unit, size, zone, startOfWeek }: Bins): number {
  const length = lengthOf(unit);
  if ('milliseconds' in length) {
    const bin = size * length.milliseconds;
    if (bin >= LARGEST_LONG) throw new CommandError(5439002, 'dateTrunc overflowed');
    return instant - modulo(instant - (REFERENCE - zone.offsetAt(REFERENCE)), bin);
  }
  if (size > LARGEST_BIN) throw new CommandError(5439006, 'dateTrunc unsupported binSize value');
  const local = toLocal(instant, zone);
  if ('months' in length) {
    const months = monthNumber(local) - REFERENCE_MONTH;
    return binStart(addMonths(REFERENCE, months - modulo(months, size * length.months)), zone);
  }
  const first = REFERENCE_DAY + (unit === 'week' ? modulo(startOfWeek - REFERENCE_DAY_OF_WEEK, 7) : 0);
  const day = dayNumber(local);
  return binStart((day - modulo(day - first, size * length.days)) * DAY_MS, zone);
}

/** A bin begins when clocks show its start for the first time. */
function binStart(local: number, zone: TimeZone): number {
  if (Math.abs(local) <= LAST_INSTANT) return toInstant(local, zone, 'earlier');
  throw new CommandError(5439004, 'dateTrunc overflowed');
}

/**
 * How many starts of a unit lie between two instants, negative if the end is before the start.
 * @param startOfWeek 1 is Monday
 */
export function difference(
  [start, end]: readonly [number, number],
  unit: TimeUnit,
  zone: TimeZone,
  startOfWeek: number,
): number {
  const length = lengthOf(unit);
  const offsets = [zone.offsetAt(start), zone.offsetAt(end)] as const;
  const locals = [start + offsets[0], end + offsets[1]] as const;
  if ('months' in length) {
    return floorDivide(monthNumber(locals[1]), length.months) - floorDivide(monthNumber(locals[0]), length.months);
  }
  if ('days' in length) {
    // Weeks are counted from a Monday.
    const shift = unit === 'week' ? 4 - startOfWeek : 0;
    const [from, to] = locals.map((local) => floorDivide(dayNumber(local) + shift, length.days)) as [number, number];
    return to - from;
  }
  if (unit === 'millisecond') return end - start;
  const [from, to] = locals.map((local) => floorDivide(local, length.milliseconds)) as [number, number];
  return to - from + Math.trunc((offsets[0] - offsets[1]) / length.milliseconds);
}

function floorDivide(value: number, divisor: number): number {
  return Math.floor(value / divisor);
}

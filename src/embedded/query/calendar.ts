/**
 * The Gregorian calendar on local times: milliseconds for what a clock shows, counted as if the clock were in UTC.
 */
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** A day by week: weeks begin on Monday, and the first of a year has its first Thursday. Source: ISO 8601. */
export interface WeekDate {
  readonly year: number;
  readonly week: number;
  /** 1 is Monday. */
  readonly day: number;
}

/** Midnight at the start of a day. @param month 0 is January; months and days beyond their range go on into the next or previous ones */
export function midnight(year: number, month: number, day: number): number {
  // Date.UTC takes years before 100 for ones of the twentieth century.
  return new Date(0).setUTCFullYear(year, month, day);
}

/** Midnight at the start of a day by week. */
export function weekMidnight({ year, week, day }: WeekDate): number {
  const fourth = midnight(year, 0, 4);
  return fourth + ((week - 1) * 7 + day - isoDayOfWeek(fourth)) * DAY_MS;
}

/** Days since 1970-01-01. */
export function dayNumber(local: number): number {
  return Math.floor(local / DAY_MS);
}

/** 1 is Monday, 7 is Sunday. */
export function isoDayOfWeek(local: number): number {
  // 1970-01-01 was a Thursday.
  return modulo(dayNumber(local) + 3, 7) + 1;
}

/** 1 is Sunday, 7 is Saturday. */
export function dayOfWeek(local: number): number {
  return modulo(dayNumber(local) + 4, 7) + 1;
}

/** 1 is the first of January. */
export function dayOfYear(local: number): number {
  return dayNumber(local) - dayNumber(midnight(yearOf(local), 0, 1)) + 1;
}

/** Weeks begin on Sunday; days before the first Sunday of the year are in week 0. */
export function weekOfYear(local: number): number {
  return Math.floor((dayOfYear(local) - dayOfWeek(local) + 7) / 7);
}

export function weekDate(local: number): WeekDate {
  const day = isoDayOfWeek(local);
  const thursday = local + (4 - day) * DAY_MS;
  return { year: yearOf(thursday), week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1, day };
}

export function yearOf(local: number): number {
  return new Date(local).getUTCFullYear();
}

/** Months since the start of the year 0. */
export function monthNumber(local: number): number {
  const date = new Date(local);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** The same day of another month, or the last day of that month where it is shorter. */
export function addMonths(local: number, months: number): number {
  const date = new Date(local);
  const month = date.getUTCMonth() + months;
  const last = new Date(midnight(date.getUTCFullYear(), month + 1, 0)).getUTCDate();
  return midnight(date.getUTCFullYear(), month, Math.min(date.getUTCDate(), last)) + modulo(local, DAY_MS);
}

/** The remainder that is never negative. */
export function modulo(value: number, divisor: number): number {
  const remainder = value % divisor;
  return remainder < 0 ? remainder + divisor : remainder;
}

import type { Catalogue, Locale } from '../../shared/locale.ts';
import { addDays, beginOf, localDay, type LocalDay, type Period, type Unit } from '../analytics/index.ts';

/** What a report may tell of. */
export const REPORTED = { usualDays: 30, longestDays: 366, part: 'body' } as const;

/** The days that moments fall on; one that is a day's very begin does not touch it. */
export const periodBetween = (from: Date, to: Date, timeZone: string): Period => ({
  from: localDay(from, timeZone),
  until: addDays(localDay(new Date(to.getTime() - 1), timeZone), 1),
});

/** The day, week or month before the one that begins on a day. */
export const periodBefore = (begin: LocalDay, every: Unit): Period => ({
  from: beginOf(addDays(begin, -1), every),
  until: begin,
});

/** The day on which the next day, week or month begins. */
export function nextBegin(day: LocalDay, every: Unit): LocalDay {
  const begin = beginOf(day, every);
  // From a first of the month 31 days lead into the next.
  return beginOf(addDays(begin, { day: 1, week: 7, month: 31 }[every]), every);
}

/** Whose way to write days is meant: English alone would put the month first. */
const REGIONS: Catalogue<string> = { en: 'en-GB', de: 'de-DE' };

/** A day in words, such as `22 November 2025`. */
export function dayInWords(day: Date, locale: Locale, timeZone = 'UTC'): string {
  return formatOf(locale, timeZone).format(day);
}

/** `22 November 2025 – 21 November 2026` */
export function inWords({ from, until }: Period, locale: Locale = 'en'): string {
  return formatOf(locale, 'UTC').formatRange(new Date(from), new Date(addDays(until, -1)));
}

const formatOf = (locale: Locale, timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat(REGIONS[locale], { dateStyle: 'long', timeZone });

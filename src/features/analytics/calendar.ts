import { DAY_MS, MINUTE_MS } from '../../shared/time.ts';

/** A day of the calendar, wherever on earth: `2026-03-02`. */
export type LocalDay = string;
export type Unit = 'day' | 'month' | 'week';

// As a day of UTC, where all days are equally long.
const dayOf = (day: LocalDay): Date => new Date(`${day}T00:00:00Z`);

/** @throws RangeError for years that have a sign and six digits: such days would not sort among the others */
function named(date: Date): LocalDay {
  const [day = ''] = date.toISOString().split('T');
  if (day.length > 10) throw new RangeError('No calendar here reaches that far');
  return day;
}

/** The day that follows by some days, or goes before. */
export const addDays = (day: LocalDay, days: number): LocalDay => named(new Date(dayOf(day).getTime() + days * DAY_MS));

/** How many days lie from one day to another. */
export const daysBetween = (from: LocalDay, until: LocalDay): number =>
  Math.round((dayOf(until).getTime() - dayOf(from).getTime()) / DAY_MS);

/** The day on which the day, the week (from Monday on) or the month of `day` begins. */
export function beginOf(day: LocalDay, unit: Unit): LocalDay {
  if (unit === 'month') return `${day.slice(0, 7)}-01`;
  const sinceMonday = (dayOf(day).getUTCDay() + 6) % 7;
  return unit === 'week' ? addDays(day, -sinceMonday) : day;
}

/** The beginnings of all days, weeks or months that hold a day of `from` to `until`, which itself is not among them. */
export function beginningsBetween(from: LocalDay, until: LocalDay, unit: Unit): LocalDay[] {
  const beginnings: LocalDay[] = [];
  for (let begin = beginOf(from, unit); begin < until; begin = following(begin, unit)) beginnings.push(begin);
  return beginnings;
}

function following(begin: LocalDay, unit: Unit): LocalDay {
  if (unit === 'day') return addDays(begin, 1);
  // From a first of the month 31 days lead into the next, and from a Monday 7 to the next.
  return unit === 'week' ? addDays(begin, 7) : beginOf(addDays(begin, 31), 'month');
}

/** The day that it is somewhere at a moment. */
export const localDay = (moment: Date, timeZone: string): LocalDay => formatOf(timeZone).format(moment);

// One each: to make one takes far longer than to use it.
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  formats.set(timeZone, made);
  return made;
}

const DAY_MINUTES = DAY_MS / MINUTE_MS;

/**
 * The moment at which a day begins somewhere: at midnight, or after it where the clock is put forward at midnight.
 * Found by bisection of what `Intl` knows, since it tells the day of a moment but not the moment of a day. Clocks
 * have been put by whole minutes for longer than there are shops here.
 */
export function startOfDay(day: LocalDay, timeZone: string): Date {
  const midnight = dayOf(day).getTime();
  const at = (minutes: number): Date => new Date(midnight + minutes * MINUTE_MS);
  // No place is further than 14 hours from UTC.
  let [before, within] = [-DAY_MINUTES, DAY_MINUTES];
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (localDay(at(middle), timeZone) < day) before = middle;
    else within = middle;
  }
  return at(within);
}

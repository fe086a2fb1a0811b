import { z } from 'zod';
import { invalidFields } from '../../platform/http/problems.ts';
import { addDays, daysBetween, type LocalDay } from './calendar.ts';

/** Days in a store's time zone; `until` is the day after the last. */
export interface Period {
  readonly from: LocalDay;
  readonly until: LocalDay;
}

/** Which periods may be asked for. */
export interface PeriodRule {
  /** How many days it is unless said otherwise. */
  readonly usualDays: number;
  readonly longestDays: number;
  /** The part of the request that names it. */
  readonly part: 'body' | 'query';
}

// Far beyond them days have names that neither sort nor add up: a sign, five digits of the year.
const [FIRST_YEAR, LAST_YEAR] = [2000, 2199];

const AskedDay = z.iso
  .date()
  .refine(
    (day) => Number(day.slice(0, 4)) >= FIRST_YEAR && Number(day.slice(0, 4)) <= LAST_YEAR,
    `must be of the years ${String(FIRST_YEAR)} to ${String(LAST_YEAR)}`,
  );

/** The fields by which a period is asked for. @param usual how far back it begins unless said, in words */
export const askedPeriod = (usual = '30 days back') => ({
  from: AskedDay.optional().meta({ description: `First day, in the store's time zone; ${usual} unless said` }),
  until: AskedDay.optional().meta({ description: 'The day after the last; tomorrow unless said' }),
});

/**
 * What is left open is filled in.
 * @throws Problem `invalid-request` for a time that is too long, or ends before it begins
 */
export function periodOf(
  asked: { readonly from?: LocalDay | undefined; readonly until?: LocalDay | undefined },
  today: LocalDay,
  { usualDays, longestDays, part }: PeriodRule,
): Period {
  const until = asked.until ?? addDays(today, 1);
  const from = asked.from ?? addDays(until, -usualDays);
  const days = daysBetween(from, until);
  if (days >= 1 && days <= longestDays) return { from, until };
  throw invalidFields([{ path: `${part}.from`, message: `must be 1 to ${String(longestDays)} days before until` }]);
}

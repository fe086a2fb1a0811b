import { z } from 'zod';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const DAY_SECONDS = DAY_MS / SECOND_MS;

/** The present moment. Passed in wherever a rule depends on it, so that a test can set it. */
export type Now = () => Date;

/** An IANA time zone that this machine knows, such as `Europe/Berlin`. */
export const TimeZone = z.string().max(64).refine(isTimeZone, 'must be an IANA time zone').meta({ id: 'TimeZone' });

/** A moment as the API shows it: ISO 8601 in UTC. */
export const Timestamp = z.iso.datetime();

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

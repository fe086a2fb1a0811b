import { codeOf, isError } from '../../shared/errors.ts';
import type { Logger } from './logger.ts';

const REMIND_MS = 30_000;

/** How somebody is told that something this process depends on is away. */
export interface AwayLog {
  /** It did not answer. */
  away(error: unknown): void;
  /** It answered. */
  back(): void;
}

/**
 * One line when something goes away, one when it is back, and in between one every 30 s that it still is: whoever tries
 * several times a second does not fill the log. Holds code and message of the failure only; a driver's error is pages long.
 * @param what names it as the lines begin: `the database`.
 * @param now milliseconds that only grow.
 */
export function awayLog(
  what: string,
  logger: Pick<Logger, 'info' | 'warn'>,
  about: Readonly<Record<string, unknown>> = {},
  now: () => number = () => performance.now(),
): AwayLog {
  let since: number | undefined;
  let toldAt = -Infinity;
  return {
    away(error) {
      const at = now();
      since ??= at;
      if (at - toldAt < REMIND_MS) return;
      const still = toldAt > -Infinity;
      toldAt = at;
      const seconds = Math.round((at - since) / 1_000);
      const why = { cause: codeOf(error), ...(isError(error) && { reason: error.message }) };
      logger.warn({ ...about, ...why, ...(still && { seconds }) }, `${what} is ${still ? 'still ' : ''}away`);
    },
    back() {
      if (since === undefined) return;
      const seconds = Math.round((now() - since) / 1_000);
      since = undefined;
      toldAt = -Infinity;
      logger.info({ ...about, seconds }, `${what} is back`);
    },
  };
}

import { redisCheck, redisClient } from '../../src/platform/redis/client.ts';
import { LaunchError } from './launch-error.ts';
import type { NamedRedis } from './settings.ts';

const ANSWER_WITHIN_MS = 3_000;

/** What the driver says of it is told once, by our own error. */
const SILENT = { info: () => undefined, warn: () => undefined };

/**
 * Makes sure that a Redis that somebody has named answers.
 * @throws LaunchError
 */
export async function requireAnswer({ variable, url, password }: NamedRedis): Promise<void> {
  const client = redisClient({ url, password, name: 'npm-start' }, SILENT);
  try {
    await redisCheck(variable, () => client).check(AbortSignal.timeout(ANSWER_WITHIN_MS));
  } catch (error) {
    throw new LaunchError(`The Redis at ${variable} cannot be reached: ${reasonOf(error as Error)}`);
  } finally {
    client.disconnect();
  }
}

/** A name that stands for several addresses fails with an error for all of them, which has a code and no message. */
function reasonOf({ name, message, code }: NodeJS.ErrnoException): string {
  if (name === 'AbortError') return `no answer within ${String(ANSWER_WITHIN_MS / 1_000)} s`;
  return message === '' ? (code ?? name) : message;
}

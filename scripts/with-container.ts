import { EnvironmentError, isSet, loadConfig } from '../src/config/index.ts';
import type { Container } from '../src/container.ts';
import { isAway, isGone } from '../src/platform/database/failures.ts';

/** Told in its own words, without a stack. */
export class Unusable extends Error {}

/**
 * For scripts that somebody runs by hand beside all else: with few connections, and silent but for what it says itself.
 * @param service names the process at the servers it connects to
 * @throws Unusable for a database that cannot be reached, or takes too long
 */
export async function withContainer<T>(service: string, work: (container: Container) => Promise<T>): Promise<T> {
  const config = loadConfig();
  const quiet = {
    ...config,
    log: { level: 'silent' },
    database: { ...config.database, maxPoolSize: 2, minPoolSize: 0 },
  };
  // It takes most of a second to load, and what needs no database needs none of it.
  const { createContainer } = await import('../src/container.ts');
  const container = createContainer(quiet as typeof config, service);
  try {
    await container.database().connect();
    return await work(container);
  } catch (error) {
    if (isGone(error)) throw unreachable(config.database.uri);
    throw isAway(error) ? new Unusable('A query took longer than it may', { cause: error }) : error;
  } finally {
    await container.close();
  }
}

/** @param uri what holds a password may be told without it only */
function unreachable(uri: string): Unusable {
  const servers = uri.replace(/^([\w+]+:\/\/)[^/]*@/, '$1').replace(/\?.*$/, '');
  const unset = isSet('MONGODB_URI') ? '' : 'MONGODB_URI is not set. ';
  return new Unusable(`${unset}The database cannot be reached at ${servers}`);
}

/**
 * Runs a script that somebody started by hand, and sets its exit code. What is wrong with its options is told by its usage, and a
 * failure that is theirs or the environment's in a line.
 * @param options undefined for some that cannot be
 * @param isTold which failures speak for themselves, besides those
 */
export async function runByHand<T>(
  usage: string,
  options: T | undefined,
  run: (options: T) => Promise<number>,
  isTold: (error: unknown) => boolean,
): Promise<void> {
  if (options === undefined) {
    process.stderr.write(usage);
    process.exitCode = 1;
    return;
  }
  try {
    process.exitCode = await run(options);
  } catch (error) {
    if (!(error instanceof EnvironmentError || error instanceof Unusable || isTold(error))) throw error;
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

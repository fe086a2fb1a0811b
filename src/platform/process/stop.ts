import type { Logger } from '../observability/logger.ts';

/** npm passes a signal on that the terminal has sent to everybody already: within this time both are one. */
const SAME_SIGNAL_MS = 500;

export interface StopOptions {
  readonly logger: Pick<Logger, 'error' | 'fatal' | 'info'>;
  /** How long `drain` may take, in milliseconds, before the process ends without it. */
  readonly deadlineMs: number;
  /** Finishes what is under way and gives everything back. */
  readonly drain: () => Promise<void>;
}

/**
 * Ends the process in order at SIGTERM or SIGINT: `drain`, then exit code 0. A second signal, or the deadline, ends it at
 * once with 1. So does an error nobody has caught, after which nothing can be relied on.
 * @returns what stops it the same way for a reason of its own, with an exit code that tells of it
 */
export function stopInOrder({ logger, deadlineMs, drain }: StopOptions): (reason: string, exitCode: number) => void {
  let stoppingSince: number | undefined;
  const stop = (reason: string, exitCode: number): void => {
    if (stoppingSince !== undefined) return;
    stoppingSince = performance.now();
    logger.info({ reason }, 'stopping');
    const force = setTimeout(() => {
      logger.error({ deadlineMs }, 'stopping took too long');
      process.exit(1);
    }, deadlineMs);
    drain().then(
      () => {
        clearTimeout(force);
        logger.info('stopped');
        process.exit(exitCode);
      },
      (error: unknown) => {
        logger.error({ error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== undefined && performance.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(1);
    stop(signal, 0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', (error) => {
    logger.fatal({ error }, 'an error that nobody caught');
    process.exit(1);
  });
  return stop;
}

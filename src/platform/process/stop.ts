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
 */
export function stopInOrder({ logger, deadlineMs, drain }: StopOptions): void {
  let stoppingSince: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    logger.info({ signal }, 'stopping');
    const force = setTimeout(() => {
      logger.error({ deadlineMs }, 'stopping took too long');
      process.exit(1);
    }, deadlineMs);
    drain().then(
      () => {
        clearTimeout(force);
        logger.info('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', (error) => {
    logger.fatal({ error }, 'an error that nobody caught');
    process.exit(1);
  });
}

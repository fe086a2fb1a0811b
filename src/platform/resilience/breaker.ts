import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import { SECOND_MS } from '../../shared/time.ts';
import { Degraded, type HealthCheck } from '../observability/health.ts';
import type { Logger } from '../observability/logger.ts';
import { PutOff } from '../queue/job.ts';

export interface BreakerOptions {
  /** What is called, for the log and the health. */
  readonly name: string;
  /** Whether a failure tells that all calls would fail, and not this one alone. */
  readonly isOutage: (error: unknown) => boolean;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** So many outages in a row open it. */
  readonly failures?: number;
  /** How long nothing is tried then, in milliseconds. */
  readonly pauseMs?: number;
}

const FAILURES = 5;
const PAUSE_MS = 30 * SECOND_MS;
/** While one call tries whether it is back, others wait for what comes of it a little later. */
const LEAST_MS = SECOND_MS;

/** Keeps calls away from a server that is away: after some outages in a row one call tries again every `pauseMs`. */
export class Breaker {
  readonly #name: string;
  readonly #policy: ReturnType<typeof circuitBreaker>;
  readonly #pauseMs: number;
  #openedAt = 0;
  #isToldOf = false;

  constructor({ name, isOutage, logger, failures = FAILURES, pauseMs = PAUSE_MS }: BreakerOptions) {
    this.#name = name;
    this.#pauseMs = pauseMs;
    this.#policy = circuitBreaker(handleWhen(isOutage), {
      halfOpenAfter: pauseMs,
      breaker: new ConsecutiveBreaker(failures),
    });
    this.#policy.onBreak((reason) => {
      this.#openedAt = performance.now();
      // Each call that tries in vain whether it is back opens it again.
      if (this.#isToldOf) return;
      this.#isToldOf = true;
      logger.warn({ provider: name, ...('error' in reason && { error: reason.error }) }, 'provider is away');
    });
    this.#policy.onReset(() => {
      this.#isToldOf = false;
      logger.info({ provider: name }, 'provider is back');
    });
  }

  /** @throws PutOff without calling when it is open, until about the time when it is worth a try */
  async run<T>(call: () => Promise<T>): Promise<T> {
    // The policy would have them wait for the one that tries, and their jobs have a time limit.
    if (this.#policy.state === CircuitState.HalfOpen) throw this.#putOff();
    try {
      return await this.#policy.execute(call);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? this.#putOff() : error;
    }
  }

  /** Not critical: what is to be sent waits. */
  healthCheck(): HealthCheck {
    return {
      name: this.#name,
      critical: false,
      intervalMs: 2 * SECOND_MS,
      timeoutMs: SECOND_MS,
      check: () =>
        this.#policy.state === CircuitState.Closed
          ? Promise.resolve(undefined)
          : Promise.reject(new Degraded('PROVIDER_AWAY', {})),
    };
  }

  #putOff(): PutOff {
    const restMs = this.#openedAt + this.#pauseMs - performance.now();
    return new PutOff(`${this.#name} is away`, Math.max(LEAST_MS, restMs));
  }
}

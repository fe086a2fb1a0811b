import { codeOf } from '../../shared/errors.ts';
import { inTime } from '../../shared/in-time.ts';

/** One thing the process depends on, looked at in the background, so that a probe never waits for it. */
export interface HealthCheck {
  readonly name: string;
  /** Whether the process can serve nothing without it. */
  readonly critical: boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /**
   * Resolves when all is well; what it resolves with is shown to operators. Rejects with `Degraded` when somebody should
   * look although it works. Should end when `signal` aborts.
   */
  check(signal: AbortSignal): Promise<Readonly<Record<string, unknown>> | undefined>;
}

export type CheckStatus = 'degraded' | 'down' | 'unknown' | 'up';

/** It answers, and yet somebody should look: it is no reason to send requests elsewhere. */
export class Degraded extends Error {
  override readonly name = 'Degraded';
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  /** @param code why, in a word: `NO_WORKERS`. */
  constructor(code: string, details: Readonly<Record<string, unknown>>) {
    super(code);
    this.code = code;
    this.details = details;
  }
}

export interface CheckReport {
  readonly status: CheckStatus;
  readonly critical: boolean;
  /** An error's code or name, never its message: that is for the log. */
  readonly cause?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface HealthReport {
  readonly status: 'degraded' | 'healthy' | 'unhealthy';
  readonly draining: boolean;
  readonly checks: Readonly<Record<string, CheckReport>>;
}

/** One bad result may be a hiccup. */
const BAD_RESULTS_BEFORE_DOWN = 2;

interface Watched {
  readonly check: HealthCheck;
  status: CheckStatus;
  badResults: number;
  cause: string | undefined;
  details: Readonly<Record<string, unknown>> | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** Knows how the process is, without asking anybody at the moment it is asked. */
export class HealthRegistry {
  readonly #watched: Watched[] = [];
  readonly #onChange: (name: string, report: CheckReport) => void;
  #running = false;
  #draining = false;

  /** @param onChange told when a check goes up or down, such as for the log. */
  constructor(onChange: (name: string, report: CheckReport) => void = () => undefined) {
    this.#onChange = onChange;
  }

  register(check: HealthCheck): void {
    const watched: Watched = {
      check,
      status: 'unknown',
      badResults: 0,
      cause: undefined,
      details: undefined,
      timer: undefined,
    };
    this.#watched.push(watched);
    if (this.#running) void this.#look(watched);
  }

  /** Looks at everything once, then goes on in the background. Never rejects: bad results are what it is for. */
  async start(): Promise<void> {
    this.#running = true;
    await Promise.all(this.#watched.map((watched) => this.#look(watched)));
  }

  stop(): void {
    this.#running = false;
    for (const { timer } of this.#watched) clearTimeout(timer);
  }

  /** From now on not ready: load balancers send requests elsewhere while those under way are finished. */
  drain(): void {
    this.#draining = true;
  }

  /**
   * Whether requests should be sent here. What has not been seen up yet keeps a starting process back, critical or
   * not; afterwards only what is critical does.
   */
  isReady(): boolean {
    return (
      !this.#draining &&
      this.#watched.every(({ status, check }) => works(status) || (status === 'down' && !check.critical))
    );
  }

  report(): HealthReport {
    const broken = this.#watched.filter(({ status }) => status !== 'up');
    const unhealthy = this.#draining || broken.some(({ check, status }) => check.critical && !works(status));
    return {
      status: unhealthy ? 'unhealthy' : broken.length > 0 ? 'degraded' : 'healthy',
      draining: this.#draining,
      checks: Object.fromEntries(this.#watched.map((watched) => [watched.check.name, reportOf(watched)])),
    };
  }

  async #look(watched: Watched): Promise<void> {
    const { intervalMs, timeoutMs } = watched.check;
    const before = watched.status;
    try {
      watched.details = await outcomeOf(watched.check, timeoutMs);
      Object.assign(watched, { status: 'up', badResults: 0, cause: undefined });
    } catch (error) {
      takeNote(watched, error);
    }
    if (watched.status !== before) this.#onChange(watched.check.name, reportOf(watched));
    if (this.#running) watched.timer = setTimeout(() => void this.#look(watched), intervalMs).unref();
  }
}

const works = (status: CheckStatus): boolean => status === 'up' || status === 'degraded';

function takeNote(watched: Watched, error: unknown): void {
  watched.cause = codeOf(error);
  if (error instanceof Degraded) {
    Object.assign(watched, { status: 'degraded', badResults: 0, details: error.details });
    return;
  }
  watched.badResults += 1;
  // Until it has been up once it stays unknown: there is nothing yet to go down from.
  if (works(watched.status) && watched.badResults >= BAD_RESULTS_BEFORE_DOWN) watched.status = 'down';
}

function reportOf({ status, check, cause, details }: Watched): CheckReport {
  return {
    status,
    critical: check.critical,
    ...(cause !== undefined && { cause }),
    ...(details !== undefined && { details }),
  };
}

function outcomeOf(check: HealthCheck, timeoutMs: number): Promise<Readonly<Record<string, unknown>> | undefined> {
  const abort = new AbortController();
  return inTime(check.check(abort.signal), timeoutMs, () => {
    const late = Object.assign(new Error('The check took too long'), { code: 'ETIMEDOUT' });
    abort.abort(late);
    return late;
  });
}

import { CommandError } from '../errors.ts';

/** How long a command may hold the event loop before others get their turn. */
const SLICE_MS = 4;

/** One running command: its deadline, and whether somebody has asked it to stop. */
export class Operation {
  readonly id: number;
  readonly startedAt = performance.now();
  readonly closed: AbortSignal | undefined;
  /** Notes what was done in this turn, in the same commit, before others come in between. */
  beforeYield: (() => void) | undefined;
  #deadline = Infinity;
  #interruption: CommandError | undefined;
  #sliceEnd: number;
  #wake: (() => void) | undefined;

  constructor(id: number, closed?: AbortSignal) {
    this.id = id;
    this.closed = closed;
    this.#sliceEnd = this.startedAt + SLICE_MS;
  }

  /** @param milliseconds as `maxTimeMS` says it; 0 for no limit */
  limitTo(milliseconds: number): void {
    this.#deadline = milliseconds > 0 ? this.startedAt + milliseconds : Infinity;
  }

  get remainingMs(): number {
    return this.#deadline - performance.now();
  }

  /** Makes the command end at its next check. */
  interrupt(reason: CommandError): void {
    this.#interruption ??= reason;
    this.#wake?.();
  }

  get isSliceOver(): boolean {
    return performance.now() >= this.#sliceEnd;
  }

  /** @throws MaxTimeMSExpired (50), Interrupted (11601) */
  check(): void {
    if (this.#interruption !== undefined) throw this.#interruption;
    if (this.closed?.aborted === true) throw new CommandError('Interrupted', 'operation was interrupted');
    if (performance.now() > this.#deadline) {
      throw new CommandError('MaxTimeMSExpired', 'operation exceeded time limit');
    }
  }

  /** Lets everybody else run, then goes on. */
  async yield(): Promise<void> {
    this.beforeYield?.();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    this.#sliceEnd = performance.now() + SLICE_MS;
    this.check();
  }

  /**
   * Waits for what others do, for as long as the command may.
   * @throws MaxTimeMSExpired (50), Interrupted (11601)
   */
  async waitFor(work: Promise<unknown>): Promise<void> {
    this.check();
    const wait = Promise.withResolvers<undefined>();
    const stop = (): void => {
      wait.resolve(undefined);
    };
    this.#wake = stop;
    this.closed?.addEventListener('abort', stop, { once: true });
    // Timers go off up to a millisecond early, and know no parts of one.
    const waitMs = Math.max(0, Math.ceil(this.remainingMs)) + 1;
    const timer = this.#deadline === Infinity ? undefined : setTimeout(stop, waitMs);
    try {
      await Promise.race([work, wait.promise]);
    } finally {
      clearTimeout(timer);
      this.closed?.removeEventListener('abort', stop);
      this.#wake = undefined;
    }
    this.#sliceEnd = performance.now() + SLICE_MS;
    this.check();
  }
}

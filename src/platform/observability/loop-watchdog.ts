const TICK_MS = 250;

/** An event loop that stood still for as long has held up every other job and the renewal of locks. */
const BLOCKED_MS = 1_000;

/** Watches over the event loop. It can tell of a block only when it is over. */
export class LoopWatchdog {
  readonly #onBlocked: (milliseconds: number) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param onBlocked told how long the loop stood still */
  constructor(onBlocked: (milliseconds: number) => void) {
    this.#onBlocked = onBlocked;
  }

  start(): void {
    let expectedAt = performance.now() + TICK_MS;
    this.#timer = setInterval(() => {
      const late = performance.now() - expectedAt;
      expectedAt = performance.now() + TICK_MS;
      if (late > BLOCKED_MS) this.#onBlocked(Math.round(late));
    }, TICK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

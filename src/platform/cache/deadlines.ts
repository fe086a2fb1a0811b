/** What did not come in time. */
export class TooLate extends Error {
  override readonly name = 'TooLate';
  readonly code = 'TOO_LATE';
}

interface Wait {
  readonly until: number;
  isOver: boolean;
  readonly giveUp: () => void;
}

/**
 * Bounds waits, all by the same time. One timer serves all of them, since a timer for each costs more than what is waited for;
 * and an answer that has arrived while this process was busy is read before anything is given up.
 */
export class Deadlines {
  readonly #limitMs: number;
  #waits: Wait[] = [];
  #isArmed = false;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** @throws TooLate when the work did not settle in time; what becomes of it then is nobody's concern */
  bound<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const giveUp = () => {
        reject(new TooLate(`No answer within ${String(this.#limitMs)} ms`));
      };
      const wait: Wait = { until: performance.now() + this.#limitMs, isOver: false, giveUp };
      this.#waits.push(wait);
      this.#arm(this.#limitMs);
      const settled = () => {
        wait.isOver = true;
      };
      work.then(resolve, reject).finally(settled);
    });
  }

  #arm(inMs: number): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    // Behind the phase of the event loop in which sockets are read.
    setTimeout(
      () =>
        setImmediate(() => {
          this.#sweep();
        }),
      inMs,
    );
  }

  #sweep(): void {
    const now = performance.now();
    this.#isArmed = false;
    const left = this.#waits.filter(({ isOver }) => !isOver);
    this.#waits = left.filter(({ until }) => until > now);
    for (const wait of left) if (wait.until <= now) wait.giveUp();
    const next = this.#waits[0];
    if (next !== undefined) this.#arm(Math.max(1, next.until - now));
  }
}

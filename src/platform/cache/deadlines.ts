import { InFlight } from '../../shared/in-flight.ts';

/** What did not come in time. */
export class TooLate extends Error {
  override readonly name = 'TooLate';
  readonly code = 'TOO_LATE';
}

interface Wait {
  readonly until: number;
  readonly giveUp: () => void;
}

/**
 * Bounds waits, all by the same time. One timer serves all of them, since a timer for each costs more than what is waited for;
 * and an answer that has arrived while this process was busy is read before anything is given up.
 */
export class Deadlines {
  readonly #limitMs: number;
  /** The oldest first. What is over leaves at once, and takes what it held with it. */
  readonly #waits = new InFlight<Wait>();
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
      const wait: Wait = { until: performance.now() + this.#limitMs, giveUp };
      this.#waits.add(wait);
      this.#arm(this.#limitMs);
      const settledBy = <V>(settle: (value: V) => void) => {
        return (value: V) => {
          this.#waits.delete(wait);
          settle(value);
        };
      };
      work.then(settledBy(resolve), settledBy(reject));
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
      // The connection keeps the process alive as long as an answer is due.
    ).unref();
  }

  #sweep(): void {
    const now = performance.now();
    this.#isArmed = false;
    for (const wait of this.#waits) {
      if (wait.until > now) {
        this.#arm(Math.max(1, wait.until - now));
        return;
      }
      this.#waits.delete(wait);
      wait.giveUp();
    }
  }
}

interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (answer: O) => void;
  readonly reject: (error: unknown) => void;
}

/** So long a question takes Redis some 100 µs, in which it answers nobody else. */
const MAX_ITEMS = 100;

/**
 * Asks for single items together, as many as are wanted at the same moment. While an answer is on its way, the moment is a round of
 * the event loop, so that all that came in at once goes out at once; otherwise nothing waits longer than the code that runs.
 */
export class Gathering<I, O> {
  readonly #askAll: (items: readonly I[]) => Promise<readonly O[]>;
  #waiting: Waiting<I, O>[] = [];
  #underWay = 0;

  /** @param askAll has one answer for each item, in their order */
  constructor(askAll: (items: readonly I[]) => Promise<readonly O[]>) {
    this.#askAll = askAll;
  }

  ask(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length === MAX_ITEMS) this.#send();
      else if (this.#waiting.length === 1) this.#sendSoon();
    });
  }

  #sendSoon(): void {
    const send = () => {
      this.#send();
    };
    if (this.#underWay === 0) process.nextTick(send);
    else setImmediate(send);
  }

  #send(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#underWay += 1;
    const landed = () => {
      this.#underWay -= 1;
    };
    this.#askAll(waiting.map(({ item }) => item)).then(
      (answers) => {
        landed();
        for (const [index, { resolve }] of waiting.entries()) resolve(answers[index] as O);
      },
      (error: unknown) => {
        landed();
        for (const { reject } of waiting) reject(error);
      },
    );
  }
}

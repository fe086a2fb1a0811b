/** Lets one in at a time, in the order of their coming. */
export class Turns {
  readonly #waiting = new Set<(isMine: boolean) => void>();
  #isTaken = false;

  /** @returns whether the turn came within `patienceMs`; whoever has it must `pass` it on */
  async take(patienceMs: number): Promise<boolean> {
    if (!this.#isTaken) return (this.#isTaken = true);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      this.#waiting.delete(resolve);
      resolve(false);
    }, patienceMs);
    this.#waiting.add(resolve);
    return promise.finally(() => {
      clearTimeout(timer);
    });
  }

  pass(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#isTaken = false;
      return;
    }
    this.#waiting.delete(next);
    next(true);
  }
}

/** Makes something when it is first asked for, and hands out the same from then on. */
export type Part<T> = () => T;

/** How a part is ended when the container is: what it returns is waited for. */
export type End<T> = (part: T) => unknown;

/**
 * The parts of a process. Each is made when it is first asked for, so that a process holds only what it uses, and all
 * are ended in the reverse order of their making: nothing ends before what was built on it.
 */
export class Parts {
  readonly #ends: (() => unknown)[] = [];
  #closing: Promise<void> | undefined;

  /** Declares a part. What it needs of other parts its maker asks for, and so finds made before it. */
  part<T>(make: () => T, end?: End<T>): Part<T> {
    let made: { readonly value: T } | undefined;
    return () => {
      if (made !== undefined) return made.value;
      if (this.#closing !== undefined) throw new Error('The container is closed');
      const value = make();
      made = { value };
      if (end !== undefined) this.#ends.push(() => end(value));
      return value;
    };
  }

  /**
   * Ends all parts that were made. One that fails does not keep the others from ending.
   * @throws AggregateError with what failed.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#ends.toReversed()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Some parts did not end as they should');
  }
}

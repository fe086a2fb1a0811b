/** Several things of which each is done by itself: one that fails keeps none of the others from its turn. */
export class Attempts {
  readonly #failures: unknown[] = [];

  /** @returns what the work returns, or undefined when it has failed */
  async make<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#failures.push(error);
      return undefined;
    }
  }

  /** @throws AggregateError of all that has failed, the first as its cause */
  demandNoFailure(what: string): void {
    const [cause] = this.#failures;
    if (this.#failures.length === 0) return;
    throw new AggregateError(this.#failures, `${what}: ${String(this.#failures.length)} failed`, { cause });
  }
}

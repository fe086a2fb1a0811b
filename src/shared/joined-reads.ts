interface UnderWay<T> {
  readonly done: Promise<unknown>;
  /** Begins when this one is done, and is for all who have asked since this one began. */
  next: Promise<T> | undefined;
}

/**
 * Has those who ask the same at the same time read together. Who comes while a read is under way gets the next one, which
 * begins after they have asked: nobody is told what is older than the question, and a rush costs one read at a time.
 */
export class JoinedReads<T> {
  readonly #underWay = new Map<string, UnderWay<T>>();

  /** @param read may serve others as well, and so must be the same for all who ask by this key */
  ask(key: string, read: () => Promise<T>): Promise<T> {
    const underWay = this.#underWay.get(key);
    if (underWay === undefined) return this.#begin(key, read);
    underWay.next ??= underWay.done.then(() => this.#begin(key, read));
    return underWay.next;
  }

  #begin(key: string, read: () => Promise<T>): Promise<T> {
    const result = read();
    const done = result.then(nothing, nothing);
    const begun: UnderWay<T> = { done, next: undefined };
    this.#underWay.set(key, begun);
    void done.then(() => {
      if (begun.next === undefined) this.#underWay.delete(key);
    });
    return result;
  }
}

const nothing = (): void => undefined;

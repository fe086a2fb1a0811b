import { EVERYTHING } from './coherence.ts';

const MAX_TAGS = 1_000;

/** Tags whose invalidation Redis was not told: each is told before anything of Redis is trusted again. */
export class OwedTags {
  #tags = new Set<string>();

  get isEmpty(): boolean {
    return this.#tags.size === 0;
  }

  /** Beyond what is remembered one by one, everything is owed. */
  add(tags: readonly string[]): void {
    for (const tag of tags) this.#tags.add(tag);
    if (this.#tags.size > MAX_TAGS) this.#tags = new Set([EVERYTHING]);
  }

  /** What is owed now; to be added again when it could not be told. */
  take(): readonly string[] {
    const tags = [...this.#tags];
    this.#tags.clear();
    return tags;
  }
}

import type { CacheSource } from './cache.ts';
import type { Coherence, Dated } from './coherence.ts';
import type { Tally } from './stats.ts';

/** What became of a read. */
export interface Outcome {
  readonly value: unknown;
  readonly source: CacheSource;
  readonly loadedAt: number;
  /** What a load would have taken that the read made needless, in milliseconds. */
  readonly savedMs: number;
  /** What the read counts in. */
  readonly tallies: readonly Tally[];
}

interface Flight extends Dated {
  /** Gone once it has landed. */
  outcome: Promise<Outcome> | undefined;
}

/** Reads under way: who asks for the same in the meantime gets the same, unless it has been invalidated since it began. */
export class Flights {
  readonly #coherence: Coherence;
  readonly #flights = new Map<string, Flight>();

  constructor(coherence: Coherence) {
    this.#coherence = coherence;
  }

  /** The read of that key that is under way, if what it brings may still be shown. */
  join(key: string): Promise<Outcome> | undefined {
    const flight = this.#flights.get(key);
    return flight !== undefined && this.#coherence.verdict(flight) === 'current' ? flight.outcome : undefined;
  }

  /** Begins a read, and takes the place of one under way. */
  start(key: string, tags: readonly string[], read: () => Promise<Outcome>): Promise<Outcome> {
    const moment = this.#coherence.begin();
    const outcome = read();
    const flight: Flight = { key, tags, moment, outcome };
    this.#flights.set(key, flight);
    const landed = () => {
      // What a Map once held may live on in a table that it has outgrown: not the value, then, too.
      flight.outcome = undefined;
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    outcome.then(landed, landed);
    return outcome;
  }

  /** When the read of that key began that is under way, by the clock. */
  begunAt(key: string): number | undefined {
    return this.#flights.get(key)?.moment.at;
  }

  get size(): number {
    return this.#flights.size;
  }
}

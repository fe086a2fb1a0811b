import { inTime } from '../../shared/in-time.ts';
import type { Verdict } from './coherence.ts';
import type { Flights, Outcome } from './flights.ts';
import { GRACE_MS, type KeeperDeps } from './keeper.ts';
import { LoadTooSlow } from './loads.ts';
import type { MemoryEntry } from './memory.ts';

export interface StandInDeps extends Pick<KeeperDeps, 'clock' | 'coherence' | 'memory' | 'onFailure'> {
  readonly flights: Flights;
  /** Whether a load failed since the database itself is away, so that known values may stand in. */
  readonly isAway: (error: unknown) => boolean;
}

const SOFT_MS = 200;

class Late extends Error {}

/** What is known of a value past its time, for want of a better one. Never what is known to be replaced. */
export class StandIns {
  readonly #deps: StandInDeps;
  readonly #softMs: number;

  /** @param softMs how long a load may take before what is known is shown in its place */
  constructor(deps: StandInDeps, softMs = SOFT_MS) {
    this.#deps = deps;
    this.#softMs = softMs;
  }

  /** With the database away or too slow: however old. @throws the failure where nothing stands in */
  afterFailure(key: string, error: unknown): Outcome {
    const isAway = error instanceof LoadTooSlow || this.#deps.isAway(error);
    const known = isAway ? this.#known(key, (_, verdict) => verdict !== 'ended') : undefined;
    if (known === undefined) throw error;
    return known;
  }

  /**
   * Waits for a read that is under way, but only for a while where something may be shown meanwhile. The read goes on, and what it
   * brings is kept.
   */
  whileLate(key: string, flight: Promise<Outcome>): Promise<Outcome> {
    return this.#graced(key) === undefined ? flight : this.#inSoftTime(key, flight);
  }

  async #inSoftTime(key: string, flight: Promise<Outcome>): Promise<Outcome> {
    const { clock, flights, onFailure } = this.#deps;
    const now = clock();
    const leftMs = Math.max(0, this.#softMs - (now - (flights.begunAt(key) ?? now)));
    try {
      return await inTime(flight, leftMs, () => new Late());
    } catch (error) {
      const known = error instanceof Late ? this.#graced(key) : undefined;
      if (known === undefined) return flight;
      flight.catch(onFailure);
      return known;
    }
  }

  /** What could be shown stale, had it been read more often. A slow database excuses no doubt, as one that is away does. */
  #graced(key: string): Outcome | undefined {
    const now = this.#deps.clock();
    return this.#known(key, ({ lifetime: { loadedAt, freshMs, staleMs } }, verdict) => {
      return verdict === 'current' && staleMs > 0 && now - loadedAt < freshMs + staleMs + GRACE_MS;
    });
  }

  #known(key: string, isShown: (entry: MemoryEntry, verdict: Verdict) => boolean): Outcome | undefined {
    const { memory, coherence } = this.#deps;
    const entry = memory.get(key);
    if (entry === undefined || !isShown(entry, coherence.verdict(entry))) return undefined;
    const { value, lifetime, tallies } = entry;
    return { value, source: 'stale', loadedAt: lifetime.loadedAt, savedMs: 0, tallies };
  }
}

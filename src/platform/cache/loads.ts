import { inTime } from '../../shared/in-time.ts';
import { Problem, unavailable } from '../../shared/problem.ts';
import type { KeeperDeps } from './keeper.ts';
import { LOCK_MS, type Turn, type Wanted } from './redis-layer.ts';

const LIMIT_MS = 10_000;

/** What a load throws that was not done in time. */
export class LoadTooSlow extends Problem {
  constructor() {
    super(unavailable, 'What was asked for took too long', { retryAfterSeconds: 1 });
  }
}

/** Loads: bounded, counted, and each under the lock of its key, if Redis gave that. */
export class Loads {
  readonly #deps: Pick<KeeperDeps, 'clock' | 'remote' | 'stats'>;
  readonly #limitMs: number;

  constructor(deps: Pick<KeeperDeps, 'clock' | 'remote' | 'stats'>, limitMs = LIMIT_MS) {
    this.#deps = deps;
    this.#limitMs = limitMs;
  }

  /** To be asked before a load. @returns undefined when Redis cannot be asked */
  begin(wanted: Wanted): Promise<Turn | undefined> {
    const { remote } = this.#deps;
    return remote.isUsable ? remote.begin(wanted).catch(() => undefined) : Promise.resolve(undefined);
  }

  /** One load for all that is wanted. @throws LoadTooSlow, or what the load throws */
  async run<T>(wanted: readonly Wanted[], turns: readonly (Turn | undefined)[], load: () => Promise<T>) {
    const { clock, stats } = this.#deps;
    const tallies = wanted.flatMap(({ key, tags }) => stats.of(key, tags));
    const stopHolding = this.#holdOn(turns);
    const begunAt = clock();
    try {
      const value = await inTime(load(), this.#limitMs, () => new LoadTooSlow());
      const eachMs = (clock() - begunAt) / wanted.length;
      for (const tally of tallies) {
        tally.loads += 1;
        tally.loadMs += eachMs;
      }
      return { value, eachMs };
    } catch (error) {
      for (const tally of tallies) tally.failedLoads += 1;
      throw error;
    } finally {
      stopHolding();
    }
  }

  giveBack(turn: Turn | undefined): void {
    // It runs out by itself.
    if (turn?.token !== undefined) this.#deps.remote.hold(turn, 0).catch(() => undefined);
  }

  /** Keeps others from loading as long as this load lives. */
  #holdOn(turns: readonly (Turn | undefined)[]): () => void {
    const held = turns.filter((turn) => turn?.token !== undefined);
    if (held.length === 0) return () => undefined;
    const timer = setInterval(() => {
      for (const turn of held) if (turn !== undefined) this.#deps.remote.hold(turn, LOCK_MS).catch(() => undefined);
    }, LOCK_MS / 3).unref();
    return () => {
      clearInterval(timer);
    };
  }
}

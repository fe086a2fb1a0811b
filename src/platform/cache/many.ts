import type { Moment } from './coherence.ts';
import { ageOf } from './envelope.ts';
import type { Flights, Outcome } from './flights.ts';
import { Keeper, type KeeperDeps, type Reading } from './keeper.ts';
import type { Found } from './looked.ts';
import type { Turn } from './redis-layer.ts';

export type ManyReading = Omit<Reading, 'load'>;
/** Loads all keys it is given at once. A key it leaves out has no value. */
export type LoadMany = (keys: readonly string[]) => Promise<ReadonlyMap<string, unknown>>;

export interface ManyDeps extends KeeperDeps {
  readonly flights: Flights;
}

type Outcomes = ReadonlyMap<string, Outcome>;

/**
 * Reads many keys with one question to Redis and one load. Of each key there is one load in this process at a time; other
 * processes may load it as well, since nobody waits for a batch of theirs.
 */
export class ManyReader {
  readonly #deps: ManyDeps;
  readonly #keeper: Keeper;

  constructor(deps: ManyDeps) {
    this.#deps = deps;
    this.#keeper = new Keeper(deps);
  }

  async read(readings: readonly ManyReading[], load: LoadMany): Promise<Outcomes> {
    const { flights } = this.#deps;
    const joined = readings.map(({ key }) => [key, flights.join(key)] as const);
    const under = new Map(joined.flatMap(([key, flight]) => (flight === undefined ? [] : [[key, flight] as const])));
    const wanted = readings.filter(({ key }) => !under.has(key));
    if (wanted.length > 0) {
      const batch = this.#batch(wanted, load);
      for (const { key, policy } of wanted) {
        under.set(
          key,
          flights.start(key, policy.tags, async () => (await batch).get(key) ?? this.#nothing(key, policy.tags)),
        );
      }
    }
    return new Map(await Promise.all(Array.from(under, async ([key, flight]) => [key, await flight] as const)));
  }

  /** Loads nothing. What is out of date, but may be shown, is. */
  async find(keys: readonly string[], keeping: Reading['keeping']): Promise<Outcomes> {
    const { coherence, remote } = this.#deps;
    const moment = coherence.begin();
    // Counted and told by the layer.
    const looked = await remote.find(keys).catch(() => []);
    return new Map(keys.map((key, index) => [key, this.#shown({ key, keeping }, moment, looked[index]?.found)]));
  }

  #shown(reading: Pick<Reading, 'keeping' | 'key'>, moment: Moment, found: Found | undefined): Outcome {
    const age = found && ageOf(found.lifetime, this.#deps.clock());
    const outcome = found && age !== 'past' ? this.#keeper.adopt(reading, moment, found) : undefined;
    if (outcome === undefined) return this.#nothing(reading.key, found?.tags);
    return age === 'stale' ? { ...outcome, source: age } : outcome;
  }

  async #batch(wanted: readonly ManyReading[], load: LoadMany): Promise<Outcomes> {
    const outcomes = await this.#lookUp(wanted);
    const missing = wanted.filter(({ key }) => !outcomes.has(key));
    if (missing.length === 0) return outcomes;
    const moment = this.#deps.coherence.begin();
    const turns = await Promise.all(missing.map((reading) => this.#begin(reading)));
    const loaded = await this.#load(missing, load, turns);
    for (const [index, reading] of missing.entries()) {
      const value = loaded.values.get(reading.key);
      const turn = turns[index];
      if (value === undefined) this.#giveBack(turn);
      else outcomes.set(reading.key, this.#keeper.keep(reading, moment, value, loaded.eachMs, turn));
    }
    return outcomes;
  }

  async #load(missing: readonly ManyReading[], load: LoadMany, turns: readonly (Turn | undefined)[]) {
    const begunAt = this.#deps.clock();
    try {
      const values = await load(missing.map(({ key }) => key));
      const eachMs = (this.#deps.clock() - begunAt) / missing.length;
      this.#count(missing, eachMs);
      return { values, eachMs };
    } catch (error) {
      for (const turn of turns) this.#giveBack(turn);
      throw error;
    }
  }

  #count(missing: readonly ManyReading[], eachMs: number): void {
    for (const { key, policy } of missing) {
      for (const tally of this.#deps.stats.of(key, policy.tags)) {
        tally.loads += 1;
        tally.loadMs += eachMs;
      }
    }
  }

  async #lookUp(wanted: readonly ManyReading[]): Promise<Map<string, Outcome>> {
    const { remote, coherence } = this.#deps;
    const outcomes = new Map<string, Outcome>();
    const moment: Moment = coherence.begin();
    const looked = await remote
      .lookupAll(wanted.map(({ key, policy: { tags } }) => ({ key, tags })))
      // Counted and told by the layer.
      .catch(() => []);
    for (const [index, reading] of wanted.entries()) {
      const found = looked[index]?.found;
      const isFresh = found !== undefined && ageOf(found.lifetime, this.#deps.clock()) === 'fresh';
      const outcome = isFresh ? this.#keeper.adopt(reading, moment, found) : undefined;
      if (outcome !== undefined) outcomes.set(reading.key, outcome);
    }
    return outcomes;
  }

  #begin({ key, policy: { tags } }: ManyReading): Promise<Turn | undefined> {
    const { remote } = this.#deps;
    return remote.isUsable ? remote.begin({ key, tags }).catch(() => undefined) : Promise.resolve(undefined);
  }

  #giveBack(turn: Turn | undefined): void {
    if (turn?.token !== undefined) this.#deps.remote.hold(turn, 0).catch(() => undefined);
  }

  #nothing(key: string, tags: readonly string[] = []): Outcome {
    const { clock, stats } = this.#deps;
    return { value: undefined, source: 'miss', loadedAt: clock(), savedMs: 0, tallies: stats.of(key, tags) };
  }
}

import type { Moment } from './coherence.ts';
import { ageOf } from './envelope.ts';
import type { Outcome } from './flights.ts';
import { Keeper, type Reading } from './keeper.ts';
import { Loads } from './loads.ts';
import type { Found } from './looked.ts';
import type { ReaderDeps } from './reader.ts';
import { StandIns } from './stand-ins.ts';

export type ManyReading = Omit<Reading, 'load'>;
/** Loads all keys it is given at once. A key it leaves out has no value. */
export type LoadMany = (keys: readonly string[]) => Promise<ReadonlyMap<string, unknown>>;

type Outcomes = ReadonlyMap<string, Outcome>;
type Underway = ReadonlyMap<string, Promise<Outcome>>;

/**
 * Reads many keys with one question to Redis and one load. Of each key there is one load in this process at a time; other
 * processes may load it as well, since nobody waits for a batch of theirs.
 */
export class ManyReader {
  readonly #deps: ReaderDeps;
  readonly #keeper: Keeper;
  readonly #loads: Loads;
  readonly #standIns: StandIns;

  constructor(deps: ReaderDeps) {
    this.#deps = deps;
    this.#keeper = new Keeper(deps);
    this.#loads = new Loads(deps, deps.times.loadMs);
    this.#standIns = new StandIns(deps, deps.times.softMs);
  }

  read(readings: readonly ManyReading[], load: LoadMany): Promise<Outcomes> {
    return this.#landed(this.#fly(readings, (wanted) => this.#batch(wanted, load)));
  }

  /** Loads anew in the background what is shown out of date in the meantime. */
  refresh(readings: readonly ManyReading[], load: LoadMany): void {
    this.#inBackground(this.#fly(readings, (wanted) => this.#renew(wanted, load)));
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

  /** Those under way, and one read for all others. */
  #fly(readings: readonly ManyReading[], read: (wanted: readonly ManyReading[]) => Promise<Outcomes>): Underway {
    const { flights } = this.#deps;
    const joined = readings.map(({ key }) => [key, flights.join(key)] as const);
    const under = new Map(joined.flatMap(([key, flight]) => (flight === undefined ? [] : [[key, flight] as const])));
    const wanted = readings.filter(({ key }) => !under.has(key));
    if (wanted.length > 0) for (const [key, flight] of this.#start(wanted, read(wanted))) under.set(key, flight);
    return under;
  }

  /** A flight for each key of a read that has just begun. */
  #start(readings: readonly ManyReading[], read: Promise<Outcomes>): Underway {
    const each = ({ key, policy: { tags } }: ManyReading) => {
      const outcome = () =>
        read.then(
          (outcomes) => outcomes.get(key) ?? this.#nothing(key, tags),
          (error: unknown) => this.#standIns.afterFailure(key, error),
        );
      return [key, this.#deps.flights.start(key, tags, outcome)] as const;
    };
    return new Map(readings.map(each));
  }

  async #landed(under: Underway): Promise<Map<string, Outcome>> {
    const each = async ([key, flight]: readonly [string, Promise<Outcome>]) => {
      return [key, await this.#standIns.whileLate(key, flight)] as const;
    };
    return new Map(await Promise.all(Array.from(under, each)));
  }

  #inBackground(under: Underway): void {
    for (const flight of under.values()) flight.catch(this.#deps.onFailure);
  }

  async #batch(wanted: readonly ManyReading[], load: LoadMany): Promise<Outcomes> {
    const known = await this.#lookUp(wanted);
    const stale = wanted.filter(({ key }) => known.get(key)?.source === 'stale');
    if (stale.length > 0) this.#inBackground(this.#start(stale, this.#load(stale, load)));
    const missing = wanted.filter(({ key }) => !known.has(key));
    if (missing.length === 0) return known;
    const loaded = await this.#landed(this.#start(missing, this.#load(missing, load)));
    return new Map([...known, ...loaded]);
  }

  /** Takes what another process has loaded; loads the rest. */
  async #renew(wanted: readonly ManyReading[], load: LoadMany): Promise<Outcomes> {
    const known = await this.#lookUp(wanted);
    const outdated = wanted.filter(({ key }) => known.get(key)?.source !== 'hit-l2');
    return outdated.length === 0 ? known : new Map([...known, ...(await this.#load(outdated, load))]);
  }

  async #load(readings: readonly ManyReading[], load: LoadMany): Promise<Outcomes> {
    const moment = this.#deps.coherence.begin();
    const wanted = readings.map(({ key, policy: { tags } }) => ({ key, tags }));
    const turns = await Promise.all(wanted.map((each) => this.#loads.begin(each)));
    try {
      const { value: values, eachMs } = await this.#loads.run(wanted, turns, () => load(wanted.map(({ key }) => key)));
      const outcomes = new Map<string, Outcome>();
      for (const [index, reading] of readings.entries()) {
        const value = values.get(reading.key);
        if (value === undefined) this.#loads.giveBack(turns[index]);
        else outcomes.set(reading.key, this.#keeper.keep(reading, moment, value, eachMs, turns[index]));
      }
      return outcomes;
    } catch (error) {
      for (const turn of turns) this.#loads.giveBack(turn);
      throw error;
    }
  }

  /** What is fresh or stale. What is past that is taken into memory, to stand in. */
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
      const outcome = found && this.#keeper.adopt(reading, moment, found);
      if (found === undefined || outcome === undefined) continue;
      const age = ageOf(found.lifetime, this.#deps.clock());
      if (age !== 'past') outcomes.set(reading.key, age === 'stale' ? { ...outcome, source: age } : outcome);
    }
    return outcomes;
  }

  #nothing(key: string, tags: readonly string[] = []): Outcome {
    const { clock, stats } = this.#deps;
    return { value: undefined, source: 'miss', loadedAt: clock(), savedMs: 0, tallies: stats.of(key, tags) };
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Moment } from './coherence.ts';
import { ageOf } from './envelope.ts';
import type { Outcome } from './flights.ts';
import { Keeper, type KeeperDeps, type Reading } from './keeper.ts';
import { Loads } from './loads.ts';
import type { Looked } from './looked.ts';
import type { Turn } from './redis-layer.ts';
import { StandIns, type StandInDeps } from './stand-ins.ts';

export interface ReaderDeps extends KeeperDeps, StandInDeps {
  readonly times: ReaderTimes;
}

export interface ReaderTimes {
  /** How long a load in another process is waited for before this one loads by itself, in milliseconds. */
  readonly otherMs?: number;
  /** How long a load may take, in milliseconds. */
  readonly loadMs?: number;
  /** How long it may take before a known value is shown in its place that is past its time, in milliseconds. */
  readonly softMs?: number;
}

const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 50;

const OTHER_MS = 5_000;

/** Reads what memory does not have: from Redis, or by a load that is the only one of its key, here and elsewhere. */
export class Reader {
  readonly #deps: ReaderDeps;
  readonly #keeper: Keeper;
  readonly #loads: Loads;
  readonly #standIns: StandIns;
  readonly #otherMs: number;

  constructor(deps: ReaderDeps) {
    this.#deps = deps;
    this.#keeper = new Keeper(deps);
    const { otherMs = OTHER_MS, loadMs, softMs } = deps.times;
    this.#loads = new Loads(deps, loadMs);
    this.#standIns = new StandIns(deps, softMs);
    this.#otherMs = otherMs;
  }

  read(reading: Reading): Promise<Outcome> {
    const { flights } = this.#deps;
    const { key, policy } = reading;
    const flight = flights.join(key) ?? flights.start(key, policy.tags, () => this.#lookThenLoad(reading));
    return this.#standIns.whileLate(key, flight);
  }

  /** Loads anew in the background what is shown out of date in the meantime. */
  refresh(reading: Reading): void {
    const { flights, onFailure } = this.#deps;
    if (flights.join(reading.key) !== undefined) return;
    flights.start(reading.key, reading.policy.tags, () => this.#renew(reading)).catch(onFailure);
  }

  /** Has it fresh for at least so long. */
  async ensure(reading: Reading, forMs: number): Promise<void> {
    const { flights } = this.#deps;
    await (flights.join(reading.key) ??
      flights.start(reading.key, reading.policy.tags, () => this.#renew(reading, forMs)));
  }

  async #lookThenLoad(reading: Reading): Promise<Outcome> {
    const moment = this.#deps.coherence.begin();
    const looked = await this.#look(reading);
    const found = looked?.found;
    const outcome = found && this.#keeper.adopt(reading, moment, found);
    if (found === undefined || outcome === undefined) return this.#loadOnce(reading, looked);
    const age = ageOf(found.lifetime, this.#deps.clock());
    if (age === 'fresh') return outcome;
    const { flights, onFailure } = this.#deps;
    const load = flights.start(reading.key, reading.policy.tags, () => this.#loadOnce(reading, looked));
    if (age === 'past') return this.#standIns.whileLate(reading.key, load);
    load.catch(onFailure);
    return { ...outcome, source: 'stale' };
  }

  /** Takes what another process has loaded, if it stays fresh for so long; else loads. */
  async #renew(reading: Reading, forMs = 0): Promise<Outcome> {
    const looked = await this.#look(reading);
    return this.#adoptFresh(reading, looked, forMs) ?? this.#loadOnce(reading, looked);
  }

  /** Loads when it is this process's turn; while it is another's, waits for what that stores. */
  async #loadOnce(reading: Reading, before: DatedLook | undefined): Promise<Outcome> {
    const { coherence, clock, random } = this.#deps;
    if (before === undefined) return this.#load(reading, coherence.begin());
    let head = before.head();
    let under: string | undefined;
    const giveUpAt = clock() + this.#otherMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      const moment = coherence.begin();
      const turn = await this.#loads.begin({ key: reading.key, tags: reading.policy.tags });
      if (turn === undefined) return this.#load(reading, moment);
      const stored = turn.head === head ? undefined : await this.#takeStored(reading, turn);
      if (stored !== undefined) return stored;
      const versions = turn.versions.join(' ');
      // What it waited for is dead, and a later reader was quicker: where writes are quicker than loads, one always is.
      const isOvertaken = versions !== (under ??= versions);
      if (turn.token !== undefined || isOvertaken || clock() > giveUpAt) return this.#load(reading, moment, turn);
      ({ head } = turn);
      await sleep(pauseMs * (0.5 + random()));
    }
  }

  /** Somebody has stored something since the last look. */
  async #takeStored(reading: Reading, turn: Turn): Promise<Outcome | undefined> {
    const stored = this.#adoptFresh(reading, await this.#look(reading), 0);
    if (stored !== undefined) this.#loads.giveBack(turn);
    return stored;
  }

  async #load(reading: Reading, moment: Moment, turn?: Turn): Promise<Outcome> {
    const { key, policy, load } = reading;
    const { tags } = policy;
    try {
      const { value, eachMs } = await this.#loads.run([{ key, tags }], [turn], load);
      if (value !== undefined) return this.#keeper.keep(reading, moment, value, eachMs, turn);
      this.#loads.giveBack(turn);
      return { value, source: 'miss', loadedAt: moment.at, savedMs: 0, tallies: this.#deps.stats.of(key, tags) };
    } catch (error) {
      this.#loads.giveBack(turn);
      return this.#standIns.afterFailure(key, error);
    }
  }

  #adoptFresh(reading: Reading, looked: DatedLook | undefined, forMs: number): Outcome | undefined {
    if (looked?.found === undefined) return undefined;
    if (ageOf(looked.found.lifetime, this.#deps.clock() + forMs) !== 'fresh') return undefined;
    return this.#keeper.adopt(reading, looked.moment, looked.found);
  }

  /** @returns undefined when Redis cannot be asked */
  async #look({ key, policy: { tags } }: Reading): Promise<DatedLook | undefined> {
    const { remote, coherence } = this.#deps;
    const moment = coherence.begin();
    try {
      return { ...(await remote.lookup({ key, tags })), moment };
    } catch {
      // Counted and told by the layer.
      return undefined;
    }
  }
}

interface DatedLook extends Looked {
  readonly moment: Moment;
}

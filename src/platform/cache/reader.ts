import { setTimeout as sleep } from 'node:timers/promises';
import { inTime } from '../../shared/in-time.ts';
import { Problem, unavailable } from '../../shared/problem.ts';
import type { Moment } from './coherence.ts';
import type { Flights, Outcome } from './flights.ts';
import { Keeper, type KeeperDeps, type Reading } from './keeper.ts';
import type { Looked } from './looked.ts';
import { LOCK_MS, type Turn } from './redis-layer.ts';
import type { Lifetime } from './envelope.ts';

export interface ReaderDeps extends KeeperDeps {
  readonly flights: Flights;
  /** Whether a load failed since the database itself is away, so that known values may stand in. */
  readonly isAway: (error: unknown) => boolean;
  readonly times?: ReaderTimes;
}

export interface ReaderTimes {
  /** How long a load in another process is waited for before this one loads by itself, in milliseconds. */
  readonly otherMs?: number;
  /** How long a load may take, in milliseconds. */
  readonly loadMs?: number;
}

const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 50;

/** A value's age by its lifetime. */
export function ageOf({ loadedAt, freshMs, staleMs }: Lifetime, now: number): 'fresh' | 'past' | 'stale' {
  const age = now - loadedAt;
  if (age < freshMs) return 'fresh';
  return age < freshMs + staleMs ? 'stale' : 'past';
}

/** Reads what memory does not have: from Redis, or by a load that is the only one of its key, here and elsewhere. */
export class Reader {
  readonly #deps: ReaderDeps;
  readonly #keeper: Keeper;
  readonly #times: Required<ReaderTimes>;

  constructor(deps: ReaderDeps) {
    this.#deps = deps;
    this.#keeper = new Keeper(deps);
    const { otherMs = 5_000, loadMs = 10_000 } = deps.times ?? {};
    this.#times = { otherMs, loadMs };
  }

  read(reading: Reading): Promise<Outcome> {
    const { flights } = this.#deps;
    return (
      flights.join(reading.key) ?? flights.start(reading.key, reading.policy.tags, () => this.#lookThenLoad(reading))
    );
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
    if (age === 'past') return this.#loadOnce(reading, looked);
    const { flights, onFailure } = this.#deps;
    flights.start(reading.key, reading.policy.tags, () => this.#loadOnce(reading, looked)).catch(onFailure);
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
    const giveUpAt = clock() + this.#times.otherMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      const moment = coherence.begin();
      const turn = await this.#begin(reading);
      if (turn === undefined) return this.#load(reading, moment);
      const stored = turn.head === head ? undefined : await this.#takeStored(reading, turn);
      if (stored !== undefined) return stored;
      if (turn.token !== undefined || clock() > giveUpAt) return this.#load(reading, moment, turn);
      ({ head } = turn);
      await sleep(pauseMs * (0.5 + random()));
    }
  }

  /** Somebody has stored something since the last look. */
  async #takeStored(reading: Reading, turn: Turn): Promise<Outcome | undefined> {
    const stored = this.#adoptFresh(reading, await this.#look(reading), 0);
    if (stored !== undefined) this.#giveBack(turn);
    return stored;
  }

  async #load(reading: Reading, moment: Moment, turn?: Turn): Promise<Outcome> {
    const { clock, stats } = this.#deps;
    const tallies = stats.of(reading.key, reading.policy.tags);
    const stopHolding = this.#holdOn(turn);
    const begunAt = clock();
    try {
      const value = await inTime(reading.load(), this.#times.loadMs, tooSlow);
      const loadMs = clock() - begunAt;
      for (const tally of tallies) {
        tally.loads += 1;
        tally.loadMs += loadMs;
      }
      if (value !== undefined) return this.#keeper.keep(reading, moment, value, loadMs, turn);
      this.#giveBack(turn);
      return { value, source: 'miss', loadedAt: moment.at, savedMs: 0, tallies };
    } catch (error) {
      for (const tally of tallies) tally.failedLoads += 1;
      this.#giveBack(turn);
      return this.#known(reading.key, error);
    } finally {
      stopHolding();
    }
  }

  /** With the database away, what is known stands in: however old, but not what is known to be replaced. */
  #known(key: string, error: unknown): Outcome {
    const { memory, coherence, isAway } = this.#deps;
    const entry = memory.get(key);
    if (entry === undefined || !isAway(error) || coherence.verdict(entry) === 'ended') throw error;
    const { value, lifetime, tallies } = entry;
    return { value, source: 'stale', loadedAt: lifetime.loadedAt, savedMs: 0, tallies };
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

  #begin({ key, policy: { tags } }: Reading): Promise<Turn | undefined> {
    return this.#deps.remote.begin({ key, tags }).catch(() => undefined);
  }

  #giveBack(turn: Turn | undefined): void {
    // It runs out by itself.
    if (turn?.token !== undefined) this.#deps.remote.hold(turn, 0).catch(() => undefined);
  }

  /** Keeps others from loading as long as this load lives. */
  #holdOn(turn: Turn | undefined): () => void {
    if (turn?.token === undefined) return () => undefined;
    const timer = setInterval(() => {
      this.#deps.remote.hold(turn, LOCK_MS).catch(() => undefined);
    }, LOCK_MS / 3).unref();
    return () => {
      clearInterval(timer);
    };
  }
}

interface DatedLook extends Looked {
  readonly moment: Moment;
}

const tooSlow = (): Problem => new Problem(unavailable, 'What was asked for took too long', { retryAfterSeconds: 1 });

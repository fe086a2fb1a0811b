import type { Clock } from './clock.ts';
import { matchesGlob } from './glob.ts';

/** When a load began: before it looked at anything. `order` tells it from invalidations, `at` how old it is. */
export interface Moment {
  readonly order: number;
  readonly at: number;
}

/** What an invalidation ends. */
export interface Ended {
  readonly tags?: readonly string[];
  readonly keys?: readonly string[];
  readonly pattern?: string;
}

/** The tag that every value has. */
export const EVERYTHING = '*';

/**
 * `ended`: known to be replaced, and never shown again. `unconfirmed`: may have been replaced without this process
 * having heard; loaded anew, and shown only when the database is away.
 */
export type Verdict = 'current' | 'ended' | 'unconfirmed';

export interface Dated {
  readonly key: string;
  readonly tags: readonly string[];
  readonly moment: Moment;
}

/** How long memory is trusted without a confirmation. The promise is a second; the rest is for the way of the answer. */
export const TRUST_MS = 900;
const MAX_MARKS = 20_000;
const MAX_PATTERNS = 16;

/**
 * What this process knows of the validity of its memory. Every invalidation has a number of Redis's counter; `hear` is told
 * each as it comes, `compare` what the counter showed. As long as none is missing, memory is as good as Redis; a number
 * that was skipped puts all that began until now in doubt.
 */
export class Coherence {
  readonly #clock: Clock;
  readonly #tags: Marks;
  readonly #keys: Marks;
  readonly #patterns = new Marks(MAX_PATTERNS);
  #order = 0;
  /** What began before it is ended, whatever its tags. */
  #endedBefore = 0;
  /** What began before it is in doubt. */
  #doubtedBefore = 0;
  #lastSeen: number | undefined;
  #confirmedAt = -Infinity;

  constructor(clock: Clock, maxMarks = MAX_MARKS) {
    this.#clock = clock;
    this.#tags = new Marks(maxMarks);
    this.#keys = new Marks(maxMarks);
  }

  /** To be taken before the first look at what a value is made of. */
  begin(): Moment {
    return { order: ++this.#order, at: this.#clock() };
  }

  /** Ends what began before now. */
  end({ tags = [], keys = [], pattern }: Ended): void {
    const order = ++this.#order;
    if (tags.includes(EVERYTHING)) this.#endedBefore = order;
    for (const tag of tags) this.#forgetUntil(this.#tags.add(tag, order));
    for (const key of keys) this.#forgetUntil(this.#keys.add(key, order));
    if (pattern !== undefined) this.#forgetUntil(this.#patterns.add(pattern, order));
  }

  /**
   * An invalidation came by. One of this process's own counts like another's: what it had read between making it and its
   * taking effect at Redis is ended by that, however late it was told.
   */
  hear(sequence: number, ended: Ended): void {
    this.end(ended);
    if (this.#lastSeen === undefined || sequence <= this.#lastSeen) return;
    if (sequence > this.#lastSeen + 1) this.doubt();
    this.#lastSeen = sequence;
  }

  /** To be taken before Redis is asked for its counter. */
  question(): Question {
    return { askedAt: this.#clock(), lastSeen: this.#lastSeen };
  }

  /**
   * The counter as Redis had it after `question`. All invalidations up to it are heard of by now, since its answer comes
   * behind them; if not, they are lost, and all is in doubt.
   * @returns whether Redis has lost invalidations itself (a replica took over that lagged behind): what it keeps is not to be trusted.
   */
  compare({ lastSeen }: Question, counter: number): boolean {
    const wentBack = lastSeen !== undefined && counter < lastSeen;
    if (wentBack || this.#lastSeen === undefined || counter > this.#lastSeen) {
      this.doubt();
      this.#lastSeen = counter;
    }
    return wentBack;
  }

  /** What nothing puts in doubt was valid when this was asked. */
  confirm({ askedAt }: Question): void {
    this.#confirmedAt = Math.max(this.#confirmedAt, askedAt);
  }

  /** Puts all that began until now in doubt. */
  doubt(): void {
    this.#doubtedBefore = ++this.#order;
  }

  /** Whether no message can have been missed for longer than the promise allows. */
  get isConfirmed(): boolean {
    return this.#clock() - this.#confirmedAt <= TRUST_MS;
  }

  verdict({ key, tags, moment }: Dated, now = this.#clock()): Verdict {
    const { order, at } = moment;
    if (order < this.#endedBefore || this.#isMarked(key, tags, order)) return 'ended';
    if (order < this.#doubtedBefore) return 'unconfirmed';
    return now - at <= TRUST_MS || now - this.#confirmedAt <= TRUST_MS ? 'current' : 'unconfirmed';
  }

  #isMarked(key: string, tags: readonly string[], order: number): boolean {
    for (const tag of tags) if (this.#tags.of(tag) > order) return true;
    if (this.#keys.of(key) > order) return true;
    for (const [pattern, endedAt] of this.#patterns) if (endedAt > order && matchesGlob(pattern, key)) return true;
    return false;
  }

  /** A mark that is dropped must go on to hold: for all, then. */
  #forgetUntil(order: number | undefined): void {
    if (order !== undefined) this.#endedBefore = Math.max(this.#endedBefore, order);
  }
}

export interface Question {
  readonly askedAt: number;
  readonly lastSeen: number | undefined;
}

/** The latest invalidations by name, bounded. */
class Marks {
  readonly #orders = new Map<string, number>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  [Symbol.iterator](): Iterator<readonly [name: string, order: number]> {
    return this.#orders.entries();
  }

  of(name: string): number {
    return this.#orders.get(name) ?? 0;
  }

  /** @returns the order of the mark that was dropped for it: the oldest, since they are kept in the order of their making. */
  add(name: string, order: number): number | undefined {
    this.#orders.delete(name);
    this.#orders.set(name, order);
    if (this.#orders.size <= this.#max) return undefined;
    const [oldest, dropped] = this.#orders.entries().next().value ?? ['', 0];
    this.#orders.delete(oldest);
    return dropped;
  }
}

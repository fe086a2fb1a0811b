import { randomBytes } from 'node:crypto';
import { DAY_MS } from '../../shared/time.ts';
import type { Clock } from './clock.ts';
import { EVERYTHING, type Ended } from './coherence.ts';
import { Duty } from './duty.ts';
import { seal, type Lifetime } from './envelope.ts';
import { Gathering } from './gathering.ts';
import { redisGlob } from './glob.ts';
import { RedisAway, type RedisLink } from './link.ts';
import { HEAD_BYTES, lookedAt, NOTHING, opened, type Looked, type Opened } from './looked.ts';
import { OwedTags } from './owed.ts';
import { askCounter, beginLoad, holdLock, invalidateTags, storeLoaded } from './scripts.ts';
import type { RedisTally } from './stats.ts';

export interface Wanted {
  readonly key: string;
  readonly tags: readonly string[];
}

/** A load that may begin: with the versions that its tags have now. */
export interface Turn extends Wanted {
  /** Shows that the lock is this load's; undefined when another has it. */
  readonly token: string | undefined;
  /** Of what lies under the key. Another than that of the last look: somebody has stored something since. */
  readonly head: string;
  readonly versions: readonly string[];
}

// Longer than any value lives, so that a tag's version outlasts what it was stored with.
const TAG_MS = 3 * DAY_MS;
const LONGEST_LIFE_MS = DAY_MS;
/** After a holder's death others wait so long. */
export const LOCK_MS = 2_000;
const SCAN_COUNT = 500;
/** Two million keys. */
const MAX_SCANS = 4_000;
const SCAN_MS = 2_000;

/** The second layer: values in Redis, each valid as long as the versions of its tags are those its load began with. */
export class RedisLayer {
  readonly #link: RedisLink;
  readonly #prefix: string;
  readonly #origin = randomBytes(6).toString('base64url');
  readonly #tally: RedisTally;
  readonly #clock: Clock;
  readonly #owed = new OwedTags();
  readonly #lookups = new Gathering<Wanted, Looked>((wanted) => this.lookupAll(wanted));
  #isSubscribed = false;

  constructor(link: RedisLink, prefix: string, tally: RedisTally, clock: Clock) {
    this.#link = link;
    this.#prefix = `${prefix}:cache`;
    this.#tally = tally;
    this.#clock = clock;
    link.redis.on('close', () => {
      this.#isSubscribed = false;
    });
  }

  /** Whether it is there, and knows of every invalidation that this process has made. */
  get isUsable(): boolean {
    return this.#link.isUsable && this.#owed.isEmpty;
  }

  /** With all others that are looked up at the same moment. */
  lookup(wanted: Wanted): Promise<Looked> {
    // What is away is known to be before anybody waits.
    return this.isUsable ? this.#lookups.ask(wanted) : this.lookupAll([wanted]).then(([looked = NOTHING]) => looked);
  }

  /** One question for any number of keys. */
  async lookupAll(wanted: readonly Wanted[]): Promise<readonly Looked[]> {
    const names = wanted.map(({ key }) => this.#value(key));
    const tags = new Set([EVERYTHING]);
    for (const each of wanted) for (const tag of each.tags) tags.add(tag);
    for (const tag of tags) names.push(this.#tag(tag));
    const answers = await this.#ask((redis) => redis.mgetBuffer(names));
    const versions = versionsOf(tags, answers, wanted.length);
    return this.#counted(wanted.map((_, index) => lookedAt(this.#open(answers[index]), versions, this.#clock())));
  }

  /** The same for keys whose tags are not known beforehand, for two questions. */
  async find(keys: readonly string[]): Promise<readonly Looked[]> {
    const sealed = await this.#ask((redis) => redis.mgetBuffer(...keys.map((key) => this.#value(key))));
    const values = sealed.map((each) => this.#open(each));
    const tags = [...new Set([EVERYTHING, ...values.flatMap((each) => each?.envelope?.tags ?? [])])];
    const answers = await this.#ask((redis) => redis.mgetBuffer(...tags.map((tag) => this.#tag(tag))));
    const versions = versionsOf(tags, answers, 0);
    return this.#counted(values.map((each) => lookedAt(each, versions, this.#clock())));
  }

  /** To be asked before a load begins. @param steal takes the lock from whoever has it, whose load is not stored then */
  async begin({ key, tags }: Wanted, steal = false): Promise<Turn> {
    const token = randomBytes(9).toString('base64url');
    const all = [EVERYTHING, ...tags];
    const keys = [this.#lock(key), this.#value(key), ...all.map((tag) => this.#tag(tag))];
    const values = [token, steal ? '' : LOCK_MS, TAG_MS, `new-${token}`, HEAD_BYTES - 1];
    let sent: Promise<unknown> | undefined;
    const answer = await this.#ask((redis) => (sent = beginLoad.run(redis, keys, values))).catch((error: unknown) => {
      if (sent !== undefined) this.#releaseAfter(sent, key, token);
      throw error;
    });
    const [mine, head = '', ...versions] = answer as string[];
    return { key, tags: all, token: mine === '1' ? token : undefined, head, versions };
  }

  /**
   * Stores what was loaded in this turn, and ends the turn.
   * @returns false where it was not stored: any of its tags has been invalidated since, or the turn is another's
   */
  async store(turn: Turn, lifetime: Lifetime, keptMs: number, payload: Buffer): Promise<boolean> {
    const { key, tags, token = '', versions } = turn;
    const sealed = await seal({ lifetime, tags, versions, payload });
    const keys = [this.#lock(key), this.#value(key), ...tags.map((tag) => this.#tag(tag))];
    const lifeMs = Math.ceil(Math.min(keptMs, LONGEST_LIFE_MS));
    const values = [token, sealed, lifeMs, TAG_MS, ...versions];
    const stored = await this.#ask((redis) => storeLoaded.run(redis, keys, values));
    if (stored === 1) this.#tally.bytesWritten += sealed.length;
    return stored === 1;
  }

  /**
   * Stores what takes the place of all that is kept under a key, and then has everybody look: whoever replaces it last tells
   * so last. Where it could not be stored, nothing is left. @throws like `invalidate`
   */
  async replace(wanted: Wanted, lifetime: Lifetime, keptMs: number, payload: Buffer): Promise<void> {
    const keys = [wanted.key];
    await this.#orElseAll(async () => {
      const turn = await this.begin(wanted, true);
      const isStored = await this.store(turn, lifetime, keptMs, payload);
      await (isStored ? this.#link.ask((redis) => this.#tell(redis, [], { keys })) : this.remove(keys));
    });
  }

  /** Keeps the lock of a load that is still under way; or gives it back, with 0. */
  async hold({ key, token = '' }: Turn, forMs: number): Promise<void> {
    await this.#ask((redis) => holdLock.run(redis, [this.#lock(key)], [token, forMs]));
  }

  /** What is not waited for any more Redis may do all the same: nobody would load by that lock, and others would wait for it. */
  #releaseAfter(sent: Promise<unknown>, key: string, token: string): void {
    const release = () => holdLock.run(this.#link.redis, [this.#lock(key)], [token, 0]);
    // If there is no connection left, it runs out by itself.
    sent.then(release, release).catch(() => undefined);
  }

  /** @throws when Redis could not be told; it is told as soon as it can, and not trusted before that */
  async invalidate(tags: readonly string[]): Promise<void> {
    try {
      await this.#link.ask((redis) => this.#tell(redis, tags, { tags }));
    } catch (error) {
      this.#owed.add(tags);
      throw error;
    }
  }

  /** Removes keys, and keeps loads of them that are under way from being stored. @throws like `invalidate` */
  async remove(keys: readonly string[]): Promise<void> {
    await this.#orElseAll(async () => {
      const names = keys.flatMap((key) => [this.#lock(key), this.#value(key)]);
      await Promise.all([
        this.#link.ask((redis) => redis.unlink(...names)),
        this.#link.ask((redis) => this.#tell(redis, [], { keys })),
      ]);
    });
  }

  /**
   * Goes through all keys, for administrators.
   * @returns false where they are too many for that in time: some are left then, and nobody was told
   * @throws like `invalidate`
   */
  async removePattern(pattern: string, withinMs = SCAN_MS): Promise<boolean> {
    return this.#orElseAll(async () => {
      const giveUpAt = performance.now() + withinMs;
      // First the locks: a load that began before is not stored then.
      for (const match of [this.#lock(redisGlob(pattern)), this.#value(redisGlob(pattern))]) {
        if (!(await this.#unlinkMatching(match, giveUpAt))) return false;
      }
      await this.#link.ask((redis) => this.#tell(redis, [], { pattern }));
      return true;
    });
  }

  /** Something that one process at a time is to do. */
  duty(name: string): Duty {
    return new Duty((command) => this.#ask(command), `${this.#prefix}:duty:${name}`, this.#origin);
  }

  /** What follows is called with each invalidation that comes by, of this process's own, too. */
  onEnded(heard: (sequence: number, ended: Ended) => void): void {
    this.#link.redis.on('message', (channel: string, message: string) => {
      if (channel !== this.#channel) return;
      const space = message.indexOf(' ');
      heard(Number(message.slice(0, space)), JSON.parse(message.slice(space)) as Ended);
    });
  }

  /**
   * Looks whether Redis is there, and puts right what must be before it is trusted.
   * @param counted is told the counter, on the connection that invalidations come by, and so behind all up to it.
   * Returns whether Redis has lost some.
   */
  async probe(counted: (counter: number) => boolean): Promise<void> {
    await this.#link.probe(
      async (redis) => {
        if (!this.#isSubscribed) await redis.subscribe(this.#channel);
        this.#isSubscribed = true;
        const counter = await askCounter.run(redis, [this.#counter], []);
        if (counted(Number(counter))) this.#owed.add([EVERYTHING]);
      },
      () => this.#settle(),
    );
  }

  async #settle(): Promise<void> {
    if (this.#owed.isEmpty) return;
    const tags = this.#owed.take();
    try {
      await this.#tell(this.#link.redis, tags, { tags });
    } catch (error) {
      this.#owed.add(tags);
      throw error;
    }
  }

  async #tell(redis: RedisLink['redis'], tags: readonly string[], ended: Ended): Promise<void> {
    const keys = [this.#counter, ...tags.map((tag) => this.#tag(tag))];
    const leap = tags.includes(EVERYTHING) ? '1' : '';
    // A look that is sent after it must not come before it: it would bring what has been replaced.
    await invalidateTags.runInOrder(redis, keys, [TAG_MS, this.#channel, JSON.stringify(ended), leap]);
  }

  /** What could not be removed for sure is ended with everything else. */
  async #orElseAll<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#owed.add([EVERYTHING]);
      throw error;
    }
  }

  /** @returns whether it came to the end */
  async #unlinkMatching(match: string, giveUpAt: number): Promise<boolean> {
    let cursor = '0';
    for (let scans = 0; scans < MAX_SCANS && performance.now() < giveUpAt; scans++) {
      const [next, keys] = await this.#link.ask((redis) => redis.scan(cursor, 'MATCH', match, 'COUNT', SCAN_COUNT));
      if (keys.length > 0) await this.#link.ask((redis) => redis.unlink(...keys));
      if (next === '0') return true;
      cursor = next;
    }
    return false;
  }

  async #ask<T>(command: (redis: RedisLink['redis']) => Promise<T>): Promise<T> {
    if (!this.#owed.isEmpty) throw new RedisAway();
    try {
      if (!this.#link.isUsable) throw new RedisAway();
      return await this.#link.ask(command);
    } catch (error) {
      this.#tally.failures += 1;
      throw error;
    }
  }

  #counted(looked: readonly Looked[]): readonly Looked[] {
    for (const { found } of looked) this.#tally[found === undefined ? 'misses' : 'hits'] += 1;
    return looked;
  }

  #open(sealed: Buffer | null | undefined): Opened | undefined {
    this.#tally.bytesRead += sealed?.length ?? 0;
    return opened(sealed);
  }

  readonly #value = (key: string): string => `${this.#prefix}:value:${key}`;
  readonly #lock = (key: string): string => `${this.#prefix}:lock:${key}`;
  readonly #tag = (tag: string): string => `${this.#prefix}:tag:${tag}`;

  get #counter(): string {
    return `${this.#prefix}:counter`;
  }

  get #channel(): string {
    return `${this.#prefix}:ended`;
  }
}

/** @param from where the versions begin among the answers */
function versionsOf(tags: Iterable<string>, answers: readonly (Buffer | null)[], from: number) {
  const versions = new Map<string, string | undefined>();
  let at = from;
  for (const tag of tags) versions.set(tag, answers[at++]?.toString());
  return versions;
}

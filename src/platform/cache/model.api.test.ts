import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withRedis } from '../../../tests/environment/index.ts';
import { DatabaseIsAway, FakeClock, openCache, type OpenCache } from '../../../tests/caches.ts';
import { matchesGlob } from './glob.ts';

/** What is true, as a plain map of each key's versions: when each was written, and when its write was acknowledged. */
interface Write {
  readonly value: number;
  /** Milliseconds. From then on a reader may rely on it; undefined while it is under way. */
  acknowledgedAt: number | undefined;
}

const KEYS = ['a', 'b', 'c'] as const;
type Key = (typeof KEYS)[number];
/** Two keys share a tag, one has a tag of its own. */
const TAGS: Readonly<Record<Key, readonly string[]>> = { a: ['shared'], b: ['shared', 'own'], c: ['lone'] };
const policyOf = (of: Key) => ({ freshSeconds: 10, staleSeconds: 20, tags: TAGS[of] });
const PROMISED_MS = 1_000;

const redis = withRedis();
let processes: readonly OpenCache[];
let clock: FakeClock;
let database: Map<Key, Write[]>;
let isDatabaseAway = false;
let next = 0;
let round = 0;

beforeAll(() => {
  clock = new FakeClock();
});
afterAll(() => {
  for (const each of processes) each.close();
});

const latest = (key: Key): number => database.get(key)?.at(-1)?.value ?? 0;

/** Whether a value may be shown at this time: nothing written after it was acknowledged a second ago or longer. */
function isCurrentEnough(key: Key, value: unknown, byItsWriter: boolean): boolean {
  const writes = database.get(key) ?? [];
  const after = writes.slice(writes.findIndex((write) => write.value === value) + 1);
  const limit = clock.now - (byItsWriter ? 0 : PROMISED_MS);
  return after.every(({ acknowledgedAt }) => acknowledgedAt === undefined || acknowledgedAt > limit);
}

/** What the next load waits for after it has read, so that a write gets in between. */
let gate: { readonly open: Promise<unknown>; readonly reached: () => void } | undefined;

const load = (key: Key) => async () => {
  if (isDatabaseAway) throw new DatabaseIsAway();
  const value = latest(key);
  const waitsFor = gate;
  gate = undefined;
  waitsFor?.reached();
  await waitsFor?.open;
  return value;
};

async function read(process: number, key: Key): Promise<void> {
  const cache = processes[process]?.cache;
  const before = clock.now;
  const value = await cache?.getOrSet(key, load(key), policyOf(key)).catch((error: unknown) => {
    if (error instanceof DatabaseIsAway) return undefined;
    throw error;
  });
  if (value === undefined) return;
  // With the database away what is known stands in, unless it is known to be replaced: no promise of a second then.
  if (!isDatabaseAway)
    expect([key, value, isCurrentEnough(key, value, false), before]).toEqual([key, value, true, before]);
}

/** What is there without a load. */
async function look(process: number, keys: readonly Key[]): Promise<void> {
  const found = await processes[process]?.cache.getMany<number>(keys);
  for (const [key, value] of found ?? []) {
    expect([key, value, isCurrentEnough(key as Key, value, false)]).toEqual([key, value, true]);
  }
}

/** Writes new values of the keys, then has the cache end the old. */
async function writeAll(keys: readonly Key[], end: (value: number) => Promise<void> | undefined): Promise<void> {
  const made = keys.map((key): Write => {
    const write = { value: ++next, acknowledgedAt: undefined };
    database.set(key, [...(database.get(key) ?? []), write]);
    return write;
  });
  await end(next);
  for (const write of made) write.acknowledgedAt = clock.now;
}

const write = (process: number, key: Key) =>
  writeAll([key], () => processes[process]?.cache.invalidate([TAGS[key][0] ?? '']));

/** The writer itself sees its write at once. */
async function readOwn(process: number, key: Key): Promise<void> {
  const value = await processes[process]?.cache.getOrSet(key, load(key), policyOf(key)).catch(() => latest(key));
  expect([key, value, isCurrentEnough(key, value, true)]).toEqual([key, value, true]);
}

async function writeAndRead(process: number, key: Key): Promise<void> {
  await write(process, key);
  await readOwn(process, key);
}

type Way = 'delete' | 'set' | 'tag' | (typeof PATTERNS)[number];

function endBy(way: Way, cache: OpenCache['cache'] | undefined, key: Key, value: number): Promise<void> | undefined {
  if (way === 'delete') return cache?.delete(key);
  if (way === 'set') return cache?.set(key, value, policyOf(key));
  return way === 'tag' ? cache?.deleteByTag(TAGS[key][0] ?? '') : cache?.deletePattern(way);
}

interface Replacement {
  readonly process: number;
  readonly by: Way;
  readonly key: Key;
  readonly isUnloaded: boolean;
}

/** Ends by any way what both processes have, while the one that does goes on to read; both show what is new then, in their time. */
async function replace({ process, by, key, isUnloaded }: Replacement): Promise<void> {
  const pattern = PATTERNS.find((each) => each === by);
  const keys = pattern === undefined ? [key] : KEYS.filter((each) => matchesGlob(pattern, each));
  for (const each of keys) await read(1 - process, each);
  // As a Redis that was started anew, or took over from another: it knows no scripts.
  if (isUnloaded) await redis.client.script('FLUSH');
  const ended = writeAll(keys, (value) => endBy(by, processes[process]?.cache, key, value));
  await Promise.all([ended, ...keys.map((each) => read(process, each)), look(process, keys)]);
  for (const each of keys) await readOwn(process, each);
  clock.pass(1.1);
  await processes[1 - process]?.cache.confirm();
  for (const each of keys) await read(1 - process, each);
}

const PATTERNS = ['a', '?', '*'] as const;
const process = fc.nat({ max: 1 });
const key = fc.constantFrom(...KEYS);
const by = fc.constantFrom('delete', 'set', 'tag', ...PATTERNS);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), process, key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write' as const), process, key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('race' as const), process, writer: process, key }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.constantFrom(0.3, 1.1, 11, 40) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('confirm' as const), process }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('look' as const), process, keys: fc.subarray([...KEYS]) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('replace' as const), process, by, key, isUnloaded: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), process, key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('away' as const), isAway: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('forget' as const), what: fc.constantFrom('counter', 'tag:*', '*') }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A write while a load is under way, by the process that loads or by the other. */
async function race(reader: number, writer: number, of: Key): Promise<void> {
  const open = Promise.withResolvers<undefined>();
  const reached = Promise.withResolvers<undefined>();
  gate = {
    open: open.promise,
    reached: () => {
      reached.resolve(undefined);
    },
  };
  const reading = read(reader, of);
  // Without a load there is nothing to race with.
  await Promise.race([reading, reached.promise]);
  gate = undefined;
  await write(writer, of);
  const own = readOwn(writer, of);
  open.resolve(undefined);
  await Promise.all([reading, own]);
  await Promise.all([readOwn(writer, of), read(1 - writer, of)]);
}

async function forget(what: string): Promise<void> {
  const names = await redis.client.keys(`${redis.prefix}-model-${String(round)}:cache:${what}`);
  if (names.length > 0) await redis.client.del(...names);
}

const STEPS: { readonly [K in Step['kind']]: (step: Extract<Step, { kind: K }>) => Promise<void> } = {
  read: (each) => read(each.process, each.key),
  write: (each) => writeAndRead(each.process, each.key),
  race: (each) => race(each.process, each.writer, each.key),
  pass: ({ seconds }) => {
    clock.pass(seconds);
    return Promise.resolve();
  },
  confirm: async (each) => processes[each.process]?.cache.confirm(),
  look: (each) => look(each.process, each.keys),
  replace: (each) => replace(each),
  delete: async (each) => processes[each.process]?.cache.delete(each.key),
  away: ({ isAway }) => {
    isDatabaseAway = isAway;
    return Promise.resolve();
  },
  forget: ({ what }) => forget(what),
};

test('whatever two processes read, write, set, delete and lose, no read is older than the promise', async () => {
  processes = [];
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      for (const each of processes) each.close();
      round += 1;
      database = new Map(KEYS.map((each) => [each, [{ value: 0, acknowledgedAt: clock.now - 10_000 }]]));
      isDatabaseAway = false;
      const settings = { url: redis.url, prefix: `${redis.prefix}-model-${String(round)}` };
      processes = await Promise.all([1, 2].map(() => openCache(settings, { clock: clock.read })));
      for (const each of steps) await (STEPS[each.kind] as (step: Step) => Promise<void>)(each);
    }),
    { numRuns: 60 },
  );
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withRedis } from '../../../tests/environment/index.ts';
import { DatabaseIsAway, FakeClock, openCache, type OpenCache } from '../../../tests/caches.ts';

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
const FRESH_SECONDS = 10;
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
  const policy = { freshSeconds: FRESH_SECONDS, staleSeconds: 20, tags: TAGS[key] };
  const before = clock.now;
  const value = await cache?.getOrSet(key, load(key), policy).catch((error: unknown) => {
    if (error instanceof DatabaseIsAway) return undefined;
    throw error;
  });
  if (value === undefined) return;
  // With the database away what is known stands in, unless it is known to be replaced: no promise of a second then.
  if (!isDatabaseAway)
    expect([key, value, isCurrentEnough(key, value, false), before]).toEqual([key, value, true, before]);
}

async function write(process: number, key: Key): Promise<void> {
  const made: Write = { value: ++next, acknowledgedAt: undefined };
  database.set(key, [...(database.get(key) ?? []), made]);
  await processes[process]?.cache.invalidate([TAGS[key][0] ?? '']);
  made.acknowledgedAt = clock.now;
}

/** The writer itself sees its write at once. */
async function readOwn(process: number, key: Key): Promise<void> {
  const policy = { freshSeconds: FRESH_SECONDS, staleSeconds: 20, tags: TAGS[key] };
  const value = await processes[process]?.cache.getOrSet(key, load(key), policy).catch(() => latest(key));
  expect([key, value, isCurrentEnough(key, value, true)]).toEqual([key, value, true]);
}

async function writeAndRead(process: number, key: Key): Promise<void> {
  await write(process, key);
  await readOwn(process, key);
}

const process = fc.nat({ max: 1 });
const key = fc.constantFrom(...KEYS);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), process, key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write' as const), process, key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('race' as const), process, writer: process, key }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.constantFrom(0.3, 1.1, 11, 40) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('confirm' as const), process }) },
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
  delete: async (each) => processes[each.process]?.cache.delete(each.key),
  away: ({ isAway }) => {
    isDatabaseAway = isAway;
    return Promise.resolve();
  },
  forget: ({ what }) => forget(what),
};

test('whatever two processes read, write, delete and lose, no read is older than the promise', async () => {
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

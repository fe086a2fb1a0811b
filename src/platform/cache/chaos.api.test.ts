import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { withRedis } from '../../../tests/environment/index.ts';
import { FakeClock, openCache, type OpenCache } from '../../../tests/caches.ts';

const redis = withRedis();
const POLICY = { freshSeconds: 1_000, staleSeconds: 1_000, tags: ['products'] };

type Fate = 'delay' | 'drop' | 'duplicate' | 'pass';

/** Does to the messages of a subscriber what a network may: what is delayed comes when the test says, in any order. */
class ChaosBus {
  readonly #delayed: (() => void)[] = [];
  fates: Fate[] = [];

  constructor(client: Redis) {
    const [deliver] = client.listeners('message') as ((...message: unknown[]) => void)[];
    if (deliver === undefined) throw new Error('The cache listens already');
    client.removeAllListeners('message');
    client.on('message', (...message: unknown[]) => {
      const again = () => {
        deliver(...message);
      };
      const fate = this.fates.shift() ?? 'pass';
      if (fate === 'pass' || fate === 'duplicate') again();
      if (fate === 'duplicate' || fate === 'delay') this.#delayed.push(again);
    });
  }

  /** Brings what was held back, the last first. */
  release(): void {
    for (const deliver of this.#delayed.splice(0).toReversed()) deliver();
  }
}

const fate = fc.constantFrom<Fate>('delay', 'drop', 'duplicate', 'pass');
const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'read' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write' as const), fate }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.constantFrom(0.2, 0.5, 1.01) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'confirm' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'release' as const }) },
);

interface World {
  readonly clock: FakeClock;
  readonly writer: OpenCache;
  readonly reader: OpenCache;
  readonly bus: ChaosBus;
  value: number;
  /** When the write of each value was acknowledged. */
  readonly acknowledged: number[];
  shownFromMemory: number;
}

async function read(world: World): Promise<void> {
  const { reader, clock, acknowledged } = world;
  const shown = await reader.cache.fetch('list', () => Promise.resolve(world.value), POLICY);
  if (shown.source === 'hit-l1') world.shownFromMemory += 1;
  const replacedAt = acknowledged[shown.value + 1] ?? Infinity;
  expect([shown, clock.now - replacedAt > 1_000]).toEqual([shown, false]);
}

async function write(world: World, what: Fate): Promise<void> {
  world.bus.fates.push(what);
  world.value += 1;
  await world.writer.cache.invalidate(['products']);
  world.acknowledged[world.value] = world.clock.now;
  // What is pushed has arrived when a later question on the same connection is answered.
  await world.reader.redis.ping();
  world.bus.fates = [];
}

test('with messages dropped, delayed, doubled and in disorder, no reader sees what was replaced more than a second ago', async () => {
  let round = 0;
  let shownFromMemory = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      round += 1;
      const clock = new FakeClock();
      const settings = { url: redis.url, prefix: `${redis.prefix}-${String(round)}` };
      const [writer, reader] = await Promise.all([1, 2].map(() => openCache(settings, { clock: clock.read })));
      if (writer === undefined || reader === undefined) throw new Error('Two were opened');
      const bus = new ChaosBus(reader.redis);
      const world: World = { clock, writer, reader, bus, value: 0, acknowledged: [clock.now], shownFromMemory: 0 };
      for (const each of steps) {
        if (each.kind === 'read') await read(world);
        else if (each.kind === 'write') await write(world, each.fate);
        else if (each.kind === 'pass') clock.pass(each.seconds);
        else if (each.kind === 'confirm') await reader.cache.confirm();
        else bus.release();
      }
      shownFromMemory += world.shownFromMemory;
      writer.close();
      reader.close();
    }),
    { numRuns: 60 },
  );
  // A cache that shows nothing would pass as well.
  expect(shownFromMemory).toBeGreaterThan(50);
});

test('memory is trusted as long as nothing is lost, without a question to Redis', async () => {
  const clock = new FakeClock();
  const reader = await openCache({ url: redis.url, prefix: `${redis.prefix}-trust` }, { clock: clock.read });
  await reader.cache.fetch('list', () => Promise.resolve(1), POLICY);
  for (let beat = 0; beat < 20; beat++) {
    clock.pass(0.4);
    await reader.cache.confirm();
    expect(reader.cache.peek('list')?.source).toBe('hit-l1');
  }
  reader.close();
});

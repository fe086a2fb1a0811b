import { afterEach, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AggregateOptions, PipelineStage } from 'mongoose';
import { nativeDb, withDatabase } from '../../../tests/environment/index.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { mongoTransact } from '../../platform/database/transaction.ts';
import type { AnalyticsEvent } from '../../platform/queue/outlets.ts';
import { Id, newId } from '../../shared/ids.ts';
import { rollups, rollupState, trackedEvents, trends, type Rollup, type Trend } from './analytics.model.ts';
import { localDay } from './calendar.ts';
import { analyticsCollections } from './collections.ts';
import { EventStore } from './event.store.ts';
import { Rollups, type RollupDeps } from './rollups.ts';
import { scoreAt, WEIGHTS } from './trending.ts';

const reason = 'only tests look at all of it, and empty it';
const database = withDatabase({
  collections: analyticsCollections,
  unindexed: analyticsCollections.flatMap(({ collection }) =>
    (['find', 'update', 'delete'] as const).map((operation) => ({ collection, operation, reason })),
  ),
});
const system = asSystem('test');

/** Days begin in them at three different moments, one of them in the middle of an hour. */
const ZONES = ['Asia/Kolkata', 'America/New_York', 'Europe/Berlin'];
const stores = ZONES.map((zone) => ({ id: newId(), zone }));
const products = [newId(), newId()];
const zoneOf = new Map(stores.map(({ id, zone }) => [Id.encode(id), zone]));

let store: EventStore;
const rolling = (instead: Partial<RollupDeps> = {}) =>
  new Rollups({
    events: trackedEvents.on(database.primary),
    connectLong: async () => trackedEvents.on(await database.database.analytics()),
    rollups: rollups.on(database.primary),
    trends: trends.on(database.primary),
    state: rollupState.on(database.primary),
    now: () => new Date('2026-04-03T00:00:00Z'),
    ...instead,
  });
const raw = (name: string) => nativeDb(database.primary).collection(name);

beforeAll(() => {
  store = new EventStore({
    events: trackedEvents.on(database.primary),
    state: rollupState.on(database.primary),
    transact: mongoTransact(database.primary, () => Promise.resolve()),
    findTimeZones: (ids) =>
      Promise.resolve(
        new Map(
          ids.flatMap((id) => {
            const zone = zoneOf.get(Id.encode(id));
            return zone === undefined ? [] : [[Id.encode(id), zone]];
          }),
        ),
      ),
  });
});
afterEach(async () => {
  for (const { collection } of analyticsCollections) await raw(collection).deleteMany();
});

const FROM = Date.parse('2026-03-27T00:00:00Z');
const range = { from: '2026-03-26', until: '2026-04-03' };

const anEvent = fc.record({
  store: fc.nat(stores.length - 1),
  type: fc.constantFrom('product.viewed', 'product.ordered', 'order.placed'),
  product: fc.nat(products.length - 1),
  value: fc.nat(500),
  // Over the change of the clock in Europe.
  minute: fc.nat(5 * 24 * 60),
});

type Drawn = typeof anEvent extends fc.Arbitrary<infer T> ? T : never;

function eventOf({ store: index, type, product, value, minute }: Drawn): AnalyticsEvent {
  const subjectId = products[product];
  return {
    id: newId(),
    type,
    merchantId: stores[index]?.id ?? newId(),
    ...(type !== 'order.placed' && subjectId !== undefined && { subjectId }),
    value,
    occurredAt: new Date(FROM + minute * 60_000),
  };
}

/** The same figures, reckoned in the plainest way. */
function reckon(events: readonly AnalyticsEvent[]) {
  const rows = new Map<string, readonly [count: number, value: number]>();
  const scores = new Map<string, number>();
  const add = (key: readonly unknown[], value: number) => {
    const [count, sum] = rows.get(JSON.stringify(key)) ?? [0, 0];
    rows.set(JSON.stringify(key), [count + 1, sum + value]);
  };
  for (const { merchantId, type, subjectId, value = 0, occurredAt } of events) {
    const merchant = Id.encode(merchantId);
    const day = localDay(occurredAt, zoneOf.get(merchant) ?? '');
    const hour = `${occurredAt.toISOString().slice(0, 13)}:00Z`;
    add([merchant, 'hour', hour, type, null], value);
    add([merchant, 'day', day, type, null], value);
    if (subjectId === undefined) continue;
    add([merchant, 'day', day, type, Id.encode(subjectId)], value);
    const begin = new Date(`${occurredAt.toISOString().slice(0, 13)}:00:00Z`);
    const product = Id.encode(subjectId);
    scores.set(product, (scores.get(product) ?? 0) + scoreAt(begin, WEIGHTS[type] ?? 0));
  }
  return { rows: Object.fromEntries([...rows].sort()), scores };
}

async function kept() {
  const found = await raw('analytics_rollups').find<Rollup>({}).toArray();
  const rows = found.map(({ merchantId, unit, slot, type, subjectId, count, value }) => {
    const key = [Id.encode(merchantId), unit, slot, type, subjectId === null ? null : Id.encode(subjectId)];
    return [JSON.stringify(key), [count, value]] as const;
  });
  const scored = await raw('analytics_trends').find<Trend>({}).toArray();
  return {
    rows: Object.fromEntries(rows.sort(([one], [other]) => (one < other ? -1 : 1))),
    scores: new Map(scored.map(({ _id, score }) => [Id.encode(_id), score])),
  };
}

async function expectFigures(events: readonly AnalyticsEvent[]): Promise<void> {
  const [is, should] = [await kept(), reckon(events)];
  expect(is.rows).toEqual(should.rows);
  expect([...is.scores.keys()].sort()).toEqual([...should.scores.keys()].sort());
  // Sums of fractions depend on the order in which they are added, in their last digits.
  for (const [product, score] of should.scores) expect((is.scores.get(product) ?? 0) / score).toBeCloseTo(1, 9);
}

test('figures rolled up bit by bit, in any order and twice over, are those of a plain sum, and so are rebuilt ones', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anEvent, { minLength: 1, maxLength: 60 }),
      fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
      async (wanted, picks) => {
        for (const { collection } of analyticsCollections) await raw(collection).deleteMany();
        // One product belongs to one store.
        const events = wanted.map((each) =>
          eventOf({ ...each, product: each.store % products.length, store: each.store % products.length }),
        );
        const repeated = picks.flatMap((pick) => events[pick % events.length] ?? []);
        const sent = [...events, ...repeated];
        for (let at = 0; at < sent.length; at += 7) {
          await store.append(sent.slice(at, at + 7));
          if (at % 3 === 0) await Promise.all([rolling().roll(), rolling().roll()]);
        }
        await rolling().roll();
        await expectFigures(events);

        // What somebody has spoilt.
        await raw('analytics_rollups').updateMany({ unit: 'day' }, { $inc: { count: 3 } });
        await raw('analytics_rollups').deleteMany({ unit: 'hour' });
        await raw('analytics_trends').updateMany({}, { $mul: { score: 2 } });
        for (const { id: merchantId } of stores) {
          await rolling().rebuild({ merchantId, ...range });
          await rolling().rebuildTrends(merchantId);
          expect(await rolling().findDrift({ merchantId, ...range })).toEqual([]);
        }
        await expectFigures(events);
      },
    ),
    { numRuns: 8, endOnFailure: true },
  );
}, 120_000);

const viewsAt = (moments: readonly string[]): AnalyticsEvent[] =>
  moments.map((at) => ({
    id: newId(),
    type: 'product.viewed',
    merchantId: stores[2]?.id ?? newId(),
    subjectId: products[0] ?? newId(),
    occurredAt: new Date(at),
  }));

test('an event that comes late lands on its day, which is that of the store', async () => {
  const events = viewsAt(['2026-03-30T10:00:00Z', '2026-03-28T23:30:00Z', '2026-03-28T22:30:00Z']);
  for (const event of events) {
    await store.append([event]);
    await rolling().roll();
  }
  const days = await raw('analytics_rollups').find({ unit: 'day', subjectId: null }).sort({ slot: 1 }).toArray();
  expect(days.map(({ slot, count }) => [slot as string, count as number])).toEqual([
    ['2026-03-28', 1],
    ['2026-03-29', 1],
    ['2026-03-30', 1],
  ]);
});

test('a step that was begun and left behind by a crash is done again, without counting anything twice', async () => {
  const events = viewsAt(Array.from({ length: 20 }, (_, index) => new Date(FROM + index * 3_600_000).toISOString()));
  await store.append(events.slice(0, 10));
  await rolling().roll();
  await store.append(events.slice(10));
  await rolling().roll();
  // As if it had died before it could say that the step was done: after both rows were merged.
  await raw('analytics_state').updateOne({}, { $set: { through: 1, rolling: 2 } });
  await store.append(viewsAt([]).concat(events.slice(0, 3)));
  await Promise.all([rolling().roll(), rolling().roll(), rolling().roll()]);
  await expectFigures(events);
});

test('four that append and four that roll at the same time count each event once', async () => {
  const events = viewsAt(Array.from({ length: 200 }, (_, index) => new Date(FROM + index * 600_000).toISOString()));
  const append = async (offset: number) => {
    for (let at = 0; at < events.length; at += 20) {
      // Each sends all of them, in an order of its own.
      const from = (at + offset) % events.length;
      await store.append(events.slice(from, from + 20));
      await rolling().roll();
    }
  };
  await Promise.all([0, 40, 100, 160].map(append));
  await rolling().roll();
  await expectFigures(events);
}, 60_000);

test('drift is told by slot, and events of stores that are not there count nowhere', async () => {
  const events = viewsAt(['2026-03-30T10:00:00Z', '2026-03-30T11:00:00Z']);
  await store.append([...events, ...events.map((event) => ({ ...event, id: newId(), merchantId: newId() }))]);
  await rolling().roll();
  const merchantId = stores[2]?.id ?? newId();
  expect(await rolling().findDrift({ merchantId, ...range })).toEqual([]);
  await rollups
    .on(database.primary)
    .updateOne({ merchantId, unit: 'day', subjectId: null, slot: '2026-03-30' }, { $set: { count: 5 } }, system);
  expect(await rolling().findDrift({ merchantId, ...range })).toEqual([
    { unit: 'day', slot: '2026-03-30', type: 'product.viewed', counted: 2, kept: 5 },
  ]);
});

test('rows that are rolled while they are held against their events are not called wrong', async () => {
  const merchantId = stores[2]?.id ?? newId();
  await store.append(viewsAt(['2026-03-30T10:00:00Z', '2026-03-31T10:00:00Z']));
  const all = trackedEvents.on(database.primary);
  const late = {
    aggregate: async (...asked: Parameters<typeof all.aggregate>) => {
      const rows: unknown[] = await all.aggregate(...asked);
      await store.append(viewsAt(['2026-03-30T10:30:00Z']));
      await rolling().roll();
      return rows;
    },
  };
  const beside = rolling({ connectLong: () => Promise.resolve(late as unknown as RollupDeps['events']) });
  expect(await beside.findDrift({ merchantId, ...range })).toEqual([]);
});

test('days of which events have expired are neither rebuilt nor called wrong; the first that is whole can be', async () => {
  const merchantId = stores[2]?.id ?? newId();
  const late = rolling({ now: () => new Date('2026-06-28T11:30:00Z') });
  // What was before 11:30 on the 30th of March has expired by then, when it was the 31st already where days begin first.
  expect(late.firstDay()).toBe('2026-04-01');
  expect(rolling({ now: () => new Date('2026-06-28T08:30:00Z') }).firstDay()).toBe('2026-03-31');
  await store.append(viewsAt(['2026-03-31T10:00:00Z', '2026-04-01T10:00:00Z']));
  await late.roll();
  const whole = await kept();
  await raw('analytics_events').deleteMany({ day: '2026-03-31' });
  const days = { merchantId, from: '2026-03-31', until: '2026-04-02' };
  const told = 'Events are kept for 90 days: of those before 2026-04-01 not all are there any more';
  await expect(late.findDrift(days)).rejects.toThrow(told);
  await expect(late.rebuild(days)).rejects.toThrow(told);
  expect(await late.findDrift({ ...days, from: late.firstDay() })).toEqual([]);
  expect(await late.rebuild({ ...days, from: late.firstDay() })).toBe(true);
  expect(await kept()).toEqual(whole);
});

test('a merge that another has come before at a new row is tried again, in a rebuild as in rolling', async () => {
  const merchantId = stores[2]?.id ?? newId();
  const events = viewsAt(['2026-03-30T10:00:00Z']);
  await store.append(events);
  const all = trackedEvents.on(database.primary);
  let merges = 0;
  /** Every other one is refused, as by a row that was not there when it looked. */
  const refusing = {
    aggregate: (...asked: Parameters<typeof all.aggregate>) => {
      merges += 1;
      if (merges % 2 === 1) return Promise.reject(Object.assign(new Error('E11000'), { code: 11_000 }));
      return all.aggregate(...asked);
    },
  };
  const model = refusing as RollupDeps['events'];
  const meeting = rolling({ events: model, connectLong: () => Promise.resolve(model) });
  await meeting.roll();
  for (const name of ['analytics_rollups', 'analytics_trends']) await raw(name).deleteMany();
  await meeting.rebuild({ merchantId, ...range });
  await meeting.rebuildTrends(merchantId);
  await expectFigures(events);
  // Both of rolling, both units of the rebuild and the trends.
  expect(merges).toBe(2 * 5);
});

test('a rebuild during which the rows are rolled each time gives up and says so, and so does one that is told to stop', async () => {
  const merchantId = stores[2]?.id ?? newId();
  await store.append(viewsAt(['2026-03-30T10:00:00Z']));
  const all = trackedEvents.on(database.primary);
  let looks = 0;
  const busy = {
    aggregate: async (...asked: Parameters<typeof all.aggregate>) => {
      looks += 1;
      const rows: unknown[] = await all.aggregate(...asked);
      await store.append(viewsAt(['2026-03-30T10:30:00Z']));
      await rolling().roll();
      return rows;
    },
  };
  const beside = rolling({ connectLong: () => Promise.resolve(busy as unknown as RollupDeps['events']) });
  expect(await beside.rebuildTrends(merchantId)).toBe(false);
  expect(looks).toBe(10);
  expect(await beside.rebuild({ merchantId, ...range })).toBe(false);
  expect(looks).toBe(20);
  expect(await beside.rebuildTrends(merchantId, AbortSignal.abort())).toBe(false);
  expect(looks).toBe(20);
  expect(await rolling().rebuildTrends(merchantId)).toBe(true);
});

test('what counts all events of a store asks on the client for long reads, and there the primary', async () => {
  const merchantId = stores[2]?.id ?? newId();
  const all = trackedEvents.on(await database.database.analytics());
  const asked: unknown[] = [];
  const long = {
    aggregate: (pipeline: PipelineStage[], options: AggregateOptions) => {
      asked.push(options.readPreference);
      return all.aggregate(pipeline, options);
    },
  };
  const reading = rolling({ connectLong: () => Promise.resolve(long as RollupDeps['events']) });
  await reading.findDrift({ merchantId, ...range });
  await reading.rebuild({ merchantId, ...range });
  await reading.rebuildTrends(merchantId);
  expect(asked).toEqual(Array(5).fill('primary'));
});

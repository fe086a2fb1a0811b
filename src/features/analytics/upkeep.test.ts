import { expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { DatabaseAway } from '../../platform/database/failures.ts';
import { newId, type Id } from '../../shared/ids.ts';
import type { Findings } from '../../shared/walk.ts';
import { AnalyticsUpkeep, type UpkeepDeps } from './upkeep.ts';

const stores = Array.from({ length: 4 }, newId);
const [first, second, third, fourth] = stores;
const never = new AbortController().signal;

function upkeepWith(rollups: Partial<UpkeepDeps['rollups']>, all = stores) {
  const passed: Id[] = [];
  const kept: Findings[] = [];
  const logged: object[] = [];
  const upkeep = new AnalyticsUpkeep({
    store: { stores: () => Readable.from(all) },
    rollups,
    logger: { error: (line: object) => logged.push(line) },
    now: () => new Date('2026-11-21T03:50:00Z'),
  } as unknown as UpkeepDeps);
  const walk = {
    after: undefined,
    passed: (id: Id, found: Findings) => {
      passed.push(id);
      kept.push({ ...found });
      return Promise.resolve();
    },
  };
  return { upkeep, walk, passed, kept, logged };
}

const tooSlow = (): Error => Object.assign(new Error('operation exceeded time limit'), { code: 50 });

test('a walk passes over stores that are too slow or never settle, and tells of them', async () => {
  const asked: Id[] = [];
  const { upkeep, walk, passed, logged } = upkeepWith({
    rebuildTrends(merchantId) {
      asked.push(merchantId);
      return merchantId === second ? Promise.reject(tooSlow()) : Promise.resolve(merchantId !== third);
    },
  });
  expect(await upkeep.rebuildTrends(never, walk)).toEqual({ stores: 4, unsettled: 1, failed: 1 });
  expect(asked).toEqual(stores);
  expect(passed).toEqual(stores);
  expect(logged).toMatchObject([{ merchantId: second?.toHexString(), error: { code: 50 } }]);
});

test('drift is put right in all stores but the one that is too slow', async () => {
  const rebuilt: Id[] = [];
  const drift = { unit: 'day', slot: '2026-11-18', type: 'order.placed', counted: 1, kept: 2 } as const;
  const { upkeep, walk, passed } = upkeepWith({
    findDrift: ({ merchantId }) =>
      merchantId === first ? Promise.reject(tooSlow()) : Promise.resolve(merchantId === fourth ? [] : [drift]),
    rebuild({ merchantId }) {
      rebuilt.push(merchantId);
      return Promise.resolve(merchantId === third);
    },
  });
  expect(await upkeep.repairRollups(never, walk)).toEqual({ stores: 4, drifted: 2, unsettled: 1, failed: 1 });
  expect(rebuilt).toEqual([second, third]);
  expect(passed).toEqual(stores);
});

const outOfTime = new DOMException('Not done', 'TimeoutError');

test.each([
  [1, outOfTime, { stores: 1, unsettled: 0, failed: 0 }],
  [0, outOfTime, { stores: 1, unsettled: 1, failed: 0 }],
  [1, undefined, { stores: 1, unsettled: 0, failed: 0 }],
  [0, undefined, { stores: 0, unsettled: 0, failed: 0 }],
])(
  'a store that the end of a run cuts off is left to the next, but not when it had all its time to itself (%s, %s)',
  async (at, reason, found) => {
    const stopping = new AbortController();
    const { upkeep, walk, passed } = upkeepWith({
      rebuildTrends(merchantId) {
        if (merchantId === stores[at]) stopping.abort(reason);
        return Promise.resolve(!stopping.signal.aborted);
      },
    });
    expect(await upkeep.rebuildTrends(stopping.signal, walk)).toEqual(found);
    expect(passed).toEqual(stores.slice(0, found.stores));
  },
);

test('a walk ends at a database that is away, and goes on there the next time', async () => {
  const { upkeep, walk, passed, logged } = upkeepWith({
    rebuildTrends: (merchantId) => (merchantId === third ? Promise.reject(new DatabaseAway()) : Promise.resolve(true)),
  });
  await expect(upkeep.rebuildTrends(never, walk)).rejects.toThrow(DatabaseAway);
  expect(passed).toEqual([first, second]);
  expect(logged).toEqual([]);
});

test('a walk fails after five stores in a row that failed, with their number kept; not when one between them did not', async () => {
  const many = Array.from({ length: 12 }, newId);
  const full = Object.assign(new Error('disk full'), { code: 14031 });
  const { upkeep, walk, passed, kept } = upkeepWith(
    { rebuildTrends: (merchantId) => (merchantId === many[4] ? Promise.resolve(true) : Promise.reject(full)) },
    many,
  );
  await expect(upkeep.rebuildTrends(never, walk)).rejects.toMatchObject({
    message: '5 stores in a row failed',
    cause: full,
  });
  expect(passed).toEqual(many.slice(0, 10));
  expect(kept.at(-1)).toEqual({ stores: 10, unsettled: 0, failed: 9 });
});

test('drift is looked for on the two days that are over everywhere, while the next is not in America', async () => {
  const asked: object[] = [];
  const { upkeep, walk } = upkeepWith({
    findDrift({ from, until }) {
      asked.push({ from, until });
      return Promise.resolve([]);
    },
  });
  await upkeep.repairRollups(never, walk);
  expect(asked).toEqual(stores.map(() => ({ from: '2026-11-18', until: '2026-11-20' })));
});

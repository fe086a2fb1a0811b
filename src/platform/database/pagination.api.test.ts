import { beforeAll, expect, test } from '@jest/globals';
import { Schema } from 'mongoose';
import { withDatabase } from '../../../tests/environment/index.ts';
import { newId, type Id } from '../../shared/ids.ts';
import { Cursors } from '../security/cursors.ts';
import { storedCollection } from './collection.ts';
import { paginateCursor, paginateOffset } from './pagination.ts';
import type { Access } from './scoped.ts';

interface Parcel {
  _id: Id;
  merchantId: Id;
  sentAt: Date;
  weight: number | null;
  box: { size: string };
}

const parcels = storedCollection<Parcel>({
  name: 'Parcel',
  collection: 'parcels',
  fields: {
    merchantId: { type: Schema.Types.ObjectId, required: true },
    sentAt: { type: Date, required: true },
    weight: { type: Number, default: null },
    box: { size: { type: String, required: true } },
  },
  scopes: { merchant: ({ merchantId }) => ({ merchantId }) },
  indexes: [
    { name: 'newest', serves: 'newest first', key: { merchantId: 1, sentAt: -1, _id: -1 } },
    { name: 'lightest', serves: 'lightest first', key: { merchantId: 1, weight: 1, _id: 1 } },
    { name: 'size', serves: 'by size, heaviest first', key: { merchantId: 1, 'box.size': 1, weight: -1, _id: -1 } },
  ],
});

const database = withDatabase({ collections: [parcels] });
const cursors = new Cursors('a secret of the test, long enough');
const merchantId = newId();
const access: Access = { scope: { kind: 'merchant', merchantId } };
const model = () => parcels.on(database.primary);
const SIZES = ['L', 'M', 'S'];

const parcel = (index: number): Parcel => ({
  _id: newId(),
  merchantId,
  // Many ties in each key.
  sentAt: new Date(Date.UTC(2026, 0, 1 + (index % 7))),
  weight: index % 5 === 0 ? null : index % 4,
  box: { size: SIZES[index % 3] ?? 'S' },
});

beforeAll(async () => {
  const rows = Array.from({ length: 97 }, (_, index) => parcel(index));
  await model().bulkWrite(
    rows.map((document) => ({ insertOne: { document } })),
    access,
  );
});

const sorts = [{ sentAt: -1 }, { weight: 1 }, { 'box.size': 1, weight: -1 }] as const satisfies readonly Record<
  string,
  -1 | 1
>[];

async function walk(
  sort: Record<string, -1 | 1>,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await paginateCursor<Parcel, Pick<Parcel, '_id'>>(
      model(),
      {
        filter: {},
        fields: { _id: 1 },
        sort,
        list: 'parcels',
        page: { limit: 10, ...(cursor !== undefined && { cursor }) },
      },
      cursors,
      access,
    );
    seen.push(...page.data.map(({ _id }) => _id.toHexString()));
    cursor = page.page.nextCursor ?? undefined;
    expect(page.page.hasMore).toBe(cursor !== undefined);
    await between();
  } while (cursor !== undefined);
  return seen;
}

test.each(sorts)('paging by %j shows every row once, in the order of one long list', async (sort) => {
  const tie = Object.values(sort).at(-1) ?? 1;
  const all = await model()
    .find({}, { _id: 1 }, access)
    .sort({ ...sort, _id: tie })
    .lean<Pick<Parcel, '_id'>[]>();
  expect(await walk(sort)).toEqual(all.map(({ _id }) => _id.toHexString()));
});

test('paging while rows come and go shows every row that stayed once, and none twice', async () => {
  const before = await model().find({}, { _id: 1 }, access).lean<Pick<Parcel, '_id'>[]>();
  let index = 0;
  const seen = await walk({ sentAt: -1 }, async () => {
    const added = parcel((index += 3));
    await model().create([added], access);
    await model().deleteOne({ _id: added._id }, access);
  });
  expect(new Set(seen).size).toBe(seen.length);
  const stayed = before.map(({ _id }) => _id.toHexString());
  expect(stayed.filter((id) => !seen.includes(id))).toEqual([]);
});

test('a cursor of another list, another tenant or a forged one is refused', async () => {
  const ask = (list: string, as: Access, cursor?: string) =>
    paginateCursor<Parcel, Parcel>(
      model(),
      {
        filter: {},
        fields: { weight: 1 },
        sort: { sentAt: -1 },
        list,
        page: { limit: 5, ...(cursor !== undefined && { cursor }) },
      },
      cursors,
      as,
    );
  const { nextCursor } = (await ask('parcels', access)).page;
  const cursor = nextCursor ?? '';
  expect((await ask('parcels', access, cursor)).data).toHaveLength(5);
  const stranger: Access = { scope: { kind: 'merchant', merchantId: newId() } };
  const refused = { kind: { code: 'invalid-cursor' } };
  await expect(ask('others', access, cursor)).rejects.toMatchObject(refused);
  await expect(ask('parcels', stranger, cursor)).rejects.toMatchObject(refused);
  await expect(ask('parcels', access, `${cursor.slice(0, -2)}AA`)).rejects.toMatchObject(refused);
});

test('a numbered page tells the totals', async () => {
  const list = {
    filter: { weight: 1 },
    fields: { weight: 1 },
    sort: { weight: 1 },
    page: { page: 2, limit: 10 },
  } as const;
  const page = await paginateOffset<Parcel, Parcel>(model(), list, access);
  const total = await model().countDocuments({ weight: 1 }, access);
  expect(page.page).toEqual({ number: 2, limit: 10, total, pages: Math.ceil(total / 10) });
  expect(page.data).toHaveLength(Math.min(10, total - 10));
});

import { beforeEach, expect, test } from '@jest/globals';
import { Schema } from 'mongoose';
import { withDatabase } from '../../../tests/environment/index.ts';
import { newId, type Id } from '../../shared/ids.ts';
import { storedCollection } from './collection.ts';
import type { Access } from './scoped.ts';

interface Shelf {
  _id: Id;
  merchantId: Id;
  label: string;
}

interface Jar {
  _id: Id;
  merchantId: Id;
  shelfId: Id | null;
  label: string;
  left: number;
}

const owned = { type: Schema.Types.ObjectId, required: true, immutable: true };

const shelves = storedCollection<Shelf>({
  name: 'Shelf',
  collection: 'shelves',
  fields: { merchantId: owned, label: { type: String, required: true } },
  scopes: { merchant: ({ merchantId }) => ({ merchantId }), system: () => ({}) },
  indexes: [{ name: 'merchant', serves: 'this test', key: { merchantId: 1, label: 1 } }],
});

const jars = storedCollection<Jar>({
  name: 'Jar',
  collection: 'jars',
  fields: {
    merchantId: owned,
    shelfId: { type: Schema.Types.ObjectId, ref: 'Shelf', default: null },
    label: { type: String, required: true },
    left: { type: Number, default: 0 },
  },
  scopes: {
    merchant: ({ merchantId }) => ({ merchantId }),
    public: () => ({ label: { $ne: 'hidden' } }),
    system: () => ({}),
  },
  indexes: [{ name: 'merchant_label', serves: 'this test', key: { merchantId: 1, label: 1 } }],
  joins: () => [shelves],
});

const [mine, theirs] = [newId(), newId()];
const me: Access = { scope: { kind: 'merchant', merchantId: mine } };
const them: Access = { scope: { kind: 'merchant', merchantId: theirs } };
const system: Access = { scope: { kind: 'system', reason: 'test' } };
const everybody: Access = { scope: { kind: 'public' } };

const database = withDatabase({
  collections: [shelves, jars],
  unindexed: [
    { collection: 'jars', reason: 'a handful of rows' },
    { collection: 'shelves', reason: 'a handful of rows' },
  ],
});
const model = () => jars.on(database.primary);
/** Some operations throw where they are called, others reject: both are refusals. */
const settle = async (operate: () => unknown): Promise<unknown> => await operate();
const labels = (rows: readonly { label: string }[]) => rows.map(({ label }) => label).sort();

const myShelf = newId();
const theirShelf = newId();

beforeEach(async () => {
  await model().deleteMany({}, system);
  await shelves.on(database.primary).deleteMany({}, system);
  await shelves.on(database.primary).create([{ _id: myShelf, merchantId: mine, label: 'top' }], me);
  await shelves.on(database.primary).create([{ _id: theirShelf, merchantId: theirs, label: 'secret' }], them);
  await model().create([{ _id: newId(), merchantId: mine, label: 'plum', shelfId: myShelf, left: 2 }], me);
  // A row of one tenant that points at a row of another, as a fault elsewhere could leave behind.
  await model().create([{ _id: newId(), merchantId: mine, label: 'pear', shelfId: theirShelf, left: 3 }], me);
  await model().create([{ _id: newId(), merchantId: theirs, label: 'fig', left: 5 }], them);
});

const withoutScope: readonly [string, (access: object) => PromiseLike<unknown>][] = [
  ['find', (access) => model().find({}, null, access)],
  ['findOne', (access) => model().findOne({}, null, access)],
  ['findRows', (access) => model().findRows({}, { fields: {}, sort: { _id: 1 }, limit: 9 }, access as Access)],
  ['exists', (access) => model().exists({ label: 'plum' }).setOptions(access)],
  ['countDocuments', (access) => model().countDocuments({}, access)],
  ['distinct', (access) => model().distinct('label', {}, access)],
  ['aggregate', (access) => model().aggregate([{ $match: {} }], access)],
  ['create', (access) => model().create([{ _id: newId(), merchantId: mine, label: 'x' }], access)],
  ['updateOne', (access) => model().updateOne({}, { $set: { left: 1 } }, access)],
  ['updateMany', (access) => model().updateMany({}, { $set: { left: 1 } }, access)],
  ['findOneAndUpdate', (access) => model().findOneAndUpdate({}, { $set: { left: 1 } }, access)],
  ['findOneAndDelete', (access) => model().findOneAndDelete({}, access)],
  ['deleteOne', (access) => model().deleteOne({}, access)],
  ['deleteMany', (access) => model().deleteMany({}, access)],
  ['bulkWrite', (access) => model().bulkWrite([{ deleteOne: { filter: {} } }], access)],
];

test.each(withoutScope)('%s without a scope throws and changes nothing', async (_name, operate) => {
  await expect(settle(() => operate({}))).rejects.toThrow('without a scope');
  expect(await model().countDocuments({}, system)).toBe(3);
});

test.each(withoutScope)('%s in a scope that the model does not name throws', async (_name, operate) => {
  const access = { scope: { kind: 'user', userId: newId() } };
  await expect(settle(() => operate(access))).rejects.toThrow("Scope 'user' may not touch this model");
});

const writes = withoutScope.filter(([name]) => /create|update|delete|bulk/i.test(name));
test.each(writes)('%s in the public scope throws: it only reads', async (_name, operate) => {
  await expect(settle(() => operate(everybody))).rejects.toThrow('only reads');
});

test('reads in a merchant scope see the rows of that merchant only', async () => {
  expect(labels(await model().find({}, { label: 1 }, me).lean<Jar[]>())).toEqual(['pear', 'plum']);
  expect(await model().countDocuments({}, them)).toBe(1);
  expect((await model().distinct('label', {}, me)).sort()).toEqual(['pear', 'plum']);
  expect(await model().findOne({ label: 'fig' }, null, me).lean()).toBeNull();
  expect(await model().aggregate([{ $group: { _id: null, left: { $sum: '$left' } } }], me)).toEqual([
    { _id: null, left: 5 },
  ]);
  expect(labels(await model().find({}, null, everybody).lean<Jar[]>())).toEqual(['fig', 'pear', 'plum']);
});

test('rows read past Mongoose are of the scope, cast, chosen, sorted and no more than asked for', async () => {
  const wanted = { fields: { label: 1 }, sort: { label: -1 }, limit: 2 } as const;
  const rows = await model().findRows<Jar>({ left: { $gt: '1' as unknown as number } }, wanted, me);
  expect(rows).toEqual([
    { _id: expect.anything() as unknown, label: 'plum' },
    { _id: expect.anything() as unknown, label: 'pear' },
  ]);
  await expect(model().findRows({ colour: 'blue' }, wanted, me)).rejects.toThrow('colour');
});

test('a read by cursor brings whole documents, the first and those of later batches', async () => {
  const cursor = model().find({}, { label: 1 }, system).sort({ label: 1 }).lean<Jar>().cursor({ batchSize: 2 });
  const found: string[] = [];
  for await (const { label } of cursor) found.push(label);
  expect(found).toEqual(['fig', 'pear', 'plum']);
});

test.each([
  ['a query', () => model().find({}, null, system).sort({ label: 1 }).lean().cursor({ batchSize: 1 })],
  [
    'aggregation',
    () =>
      model()
        .aggregate([{ $sort: { label: 1 } }], system)
        .cursor({ batchSize: 1 }),
  ],
] as const)('each batch of %s by cursor is as small as was asked for, not the first alone', async (_of, open) => {
  const sizes: unknown[] = [];
  const heard = ({ command }: { readonly command: { readonly getMore?: unknown; readonly batchSize?: number } }) => {
    if (command.getMore !== undefined) sizes.push(command.batchSize);
  };
  const client = database.primary.getClient().on('commandStarted', heard);
  let count = 0;
  for await (const row of open()) count += row ? 1 : 0;
  client.off('commandStarted', heard);
  expect(count).toBeGreaterThan(2);
  expect(sizes.length).toBeGreaterThan(1);
  expect(new Set(sizes)).toEqual(new Set([1]));
});

test('writes in a merchant scope change the rows of that merchant only', async () => {
  await model().updateMany({}, { $set: { left: 9 } }, me);
  await model().bulkWrite([{ updateMany: { filter: { label: 'fig' }, update: { $set: { left: 7 } } } }], me);
  expect(
    await model()
      .findOneAndUpdate({ label: 'fig' }, { $set: { left: 8 } }, me)
      .lean(),
  ).toBeNull();
  expect((await model().deleteMany({ label: 'fig' }, me)).deletedCount).toBe(0);
  expect(await model().findOne({ label: 'fig' }, null, them).lean<Jar>()).toMatchObject({ left: 5 });
});

test('a new row gets the owner of the scope, and that of another is refused', async () => {
  await model().bulkWrite([{ insertOne: { document: { _id: newId(), label: 'quince' } as Jar } }], me);
  expect(await model().countDocuments({ label: 'quince', merchantId: mine }, system)).toBe(1);
  await expect(model().create([{ _id: newId(), merchantId: theirs, label: 'x' }], me)).rejects.toThrow('not that of');
  const foreign = { insertOne: { document: { _id: newId(), merchantId: theirs, label: 'x' } as Jar } };
  await expect(model().bulkWrite([foreign], me)).rejects.toThrow('not that of');
});

test.each([
  ['$set', { $set: { merchantId: theirs } }],
  ['a bare field', { merchantId: theirs }],
  ['$rename', { $rename: { label: 'merchantId' } }],
  ['$unset', { $unset: { merchantId: 1 } }],
])('an update that hands a row to another owner by %s is refused', async (_name, update) => {
  await expect(model().updateOne({ label: 'plum' }, update as never, me)).rejects.toThrow(/whose the document is/);
  const inBulk = { updateOne: { filter: { label: 'plum' }, update: update as never } };
  await expect(model().bulkWrite([inBulk], me)).rejects.toThrow(/whose the document is/);
});

test('a $lookup joins declared collections, and of them only the rows of the scope', async () => {
  const lookup = { from: 'shelves', localField: 'shelfId', foreignField: '_id', as: 'shelf' };
  const rows = await model().aggregate<Jar & { shelf: Shelf[] }>([{ $sort: { label: 1 } }, { $lookup: lookup }], me);
  expect(rows.map(({ label, shelf }) => [label, labels(shelf)])).toEqual([
    ['pear', []],
    ['plum', ['top']],
  ]);
});

test('a pipeline kept as a constant serves one tenant after the other', async () => {
  const lookup = { from: 'shelves', localField: 'shelfId', foreignField: '_id', as: 'shelf' };
  const pipeline = [{ $match: { left: { $gt: 0 } } }, { $lookup: lookup }, { $sort: { label: 1 as const } }];
  expect(labels(await model().aggregate<Jar>(pipeline, me))).toEqual(['pear', 'plum']);
  expect(labels(await model().aggregate<Jar>(pipeline, them))).toEqual(['fig']);
});

test.each([
  ['$lookup', { $lookup: { from: 'users', localField: 'a', foreignField: '_id', as: 'users' } }],
  ['$lookup inside of $facet', { $facet: { a: [{ $lookup: { from: 'users', pipeline: [], as: 'users' } }] } }],
  ['$lookup inside of a $lookup', { $lookup: { from: 'shelves', pipeline: [{ $out: 'x' }], as: 'a' } }],
  ['$unionWith', { $unionWith: { coll: 'users', pipeline: [] } }],
  [
    '$graphLookup',
    { $graphLookup: { from: 'users', startWith: '$a', connectFromField: 'a', connectToField: 'b', as: 'c' } },
  ],
  ['$merge', { $merge: { into: 'jars' } }],
  ['$out', { $out: 'jars' }],
])('%s out of the declared joins is refused', async (_name, stage) => {
  await expect(model().aggregate([stage as never], me)).rejects.toThrow(/not among|all tenants|system scope/);
});

test('populate follows declared joins within the scope, and no others', async () => {
  const rows = await model().find({}, null, me).sort({ label: 1 }).populate('shelfId').lean();
  expect(rows).toMatchObject([
    { label: 'pear', shelfId: null },
    { label: 'plum', shelfId: { label: 'top' } },
  ]);
  await expect(model().find({}, null, me).populate('merchantId').lean()).rejects.toThrow('not among');
});

test('what no filter reaches is closed', async () => {
  const open = model() as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const [method, ...args] of [
    ['insertMany', [{ label: 'x' }], me],
    ['replaceOne', {}, { label: 'x' }, me],
    ['findOneAndReplace', {}, { label: 'x' }, me],
    ['estimatedDocumentCount', me],
    ['watch'],
    ['bulkSave', []],
  ] as [string, ...unknown[]][]) {
    await expect(settle(() => open[method]?.(...args))).rejects.toThrow('Not available');
  }
  const loaded = await model().findOne({ label: 'plum' }, null, me);
  loaded?.set('left', 100);
  await expect(settle(() => loaded?.save(me as never))).rejects.toThrow('by a condition');
  await expect(settle(() => loaded?.deleteOne())).rejects.toThrow('without a scope');
  await expect(settle(() => loaded?.updateOne({ left: 4 }))).rejects.toThrow('without a scope');
});

import { expect, test } from '@jest/globals';
import { Schema } from 'mongoose';
import { withDatabase } from '../../../tests/environment/index.ts';
import { newId, type Id } from '../../shared/ids.ts';
import { Trace, withTrace } from '../observability/trace.ts';
import { storedCollection } from './collection.ts';
import { databaseProblems, tooContended } from './failures.ts';
import { asSystem } from './scoped.ts';
import { afterCommit, mongoTransact } from './transaction.ts';

interface Purse {
  _id: Id;
  owner: Id;
  coins: number;
}

const purses = storedCollection<Purse>({
  name: 'Purse',
  collection: 'purses',
  fields: { owner: { type: Schema.Types.ObjectId, required: true }, coins: { type: Number, required: true } },
  scopes: { system: () => ({}) },
  indexes: [{ name: 'owner', serves: 'one purse per owner', key: { owner: 1 }, unique: true }],
});

const database = withDatabase({ collections: [purses] });
const system = asSystem('test');
const model = () => purses.on(database.primary);
const transact = () => mongoTransact(database.primary, () => Promise.resolve());
const purse = async (coins: number): Promise<Purse> => {
  const made = { _id: newId(), owner: newId(), coins };
  await model().create([made], system);
  return made;
};
const coinsOf = async ({ _id }: Purse) => (await model().findOne({ _id }, { coins: 1 }, system).lean<Purse>())?.coins;

test('two writes of a transaction are both kept, or none when it fails', async () => {
  const [from, to] = [await purse(5), await purse(0)];
  const move = (fail: boolean) =>
    transact()(system, async (access) => {
      await model().updateOne({ _id: from._id, coins: { $gte: 2 } }, { $inc: { coins: -2 } }, access);
      if (fail) throw new RangeError('lost on the way');
      await model().updateOne({ _id: to._id }, { $inc: { coins: 2 } }, access);
      return 'moved';
    });
  await expect(move(true)).rejects.toThrow(RangeError);
  expect([await coinsOf(from), await coinsOf(to)]).toEqual([5, 0]);
  expect(await move(false)).toBe('moved');
  expect([await coinsOf(from), await coinsOf(to)]).toEqual([3, 2]);
});

test('30 transactions on one document all get through, and none of them is lost', async () => {
  const shared = await purse(30);
  const take = () =>
    transact()(system, async (access) => {
      const found = await model().findOne({ _id: shared._id }, { coins: 1 }, access).lean<Purse>();
      await model().updateOne({ _id: shared._id }, { $set: { coins: (found?.coins ?? 0) - 1 } }, access);
    });
  await Promise.all(Array.from({ length: 30 }, take));
  expect(await coinsOf(shared)).toBe(0);
});

test('what waits for the commit runs once after it, whatever was repeated, and not after a failure', async () => {
  const shared = await purse(0);
  const told: string[] = [];
  const add = (name: string, fail = false) =>
    transact()(system, async (access) => {
      afterCommit(access, () => told.push(name));
      await model().updateOne({ _id: shared._id }, { $inc: { coins: 1 } }, access);
      if (fail) throw new RangeError('no');
    });
  await Promise.allSettled([add('a'), add('b'), add('c'), add('d', true)]);
  expect(told.sort()).toEqual(['a', 'b', 'c']);
  expect(await coinsOf(shared)).toBe(3);
});

test('a transaction past its deadline is refused as contended, and its work not begun', async () => {
  const context = { ...system, deadlineAt: Date.now() - 1 };
  const work = () => Promise.reject(new Error('begun'));
  await expect(transact()(context, work)).rejects.toMatchObject({ kind: tooContended });
});

test('a duplicate key becomes a problem that names the field', async () => {
  const { owner } = await purse(1);
  const again = await model()
    .create([{ _id: newId(), owner, coins: 1 }], system)
    .catch((error: unknown) => error);
  expect(databaseProblems(again)).toMatchObject({
    kind: { code: 'already-exists', status: 409 },
    details: { errors: [{ path: 'owner', message: 'is taken' }] },
  });
  expect(databaseProblems(new TypeError('a bug'))).toBeUndefined();
});

test('a request is told its queries, by field but without values, and not its commits', async () => {
  const trace = new Trace('request');
  await withTrace(trace, async () => {
    await coinsOf(await purse(7));
    await transact()(system, (access) => model().find({ owner: newId() }, null, access).sort({ owner: 1 }).lean());
  });
  expect(trace.queries.map(({ collection, operation, detail }) => [collection, operation, detail])).toEqual([
    ['purses', 'insert', ''],
    ['purses', 'find', '{_id}'],
    ['purses', 'find', '{owner} sort {owner}'],
  ]);
  expect(trace.queryCount).toBe(3);
  // Whole milliseconds, which three quick ones need not fill.
  expect(trace.databaseMs).toBe(trace.queries.reduce((sum, { durationMs }) => sum + durationMs, 0));
});

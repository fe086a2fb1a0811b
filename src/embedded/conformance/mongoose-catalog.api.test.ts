import { describe, expect, test } from '@jest/globals';
import { Schema } from 'mongoose';
import { failure, withMongoose } from './mongoose-bench.ts';

const bench = withMongoose();

interface Thing {
  n: number;
  s: string;
}

const OFF = { autoCreate: false, autoIndex: false } as const;

const thing = (options: object = {}, collection = 'things') =>
  bench.connection.model<Thing>(
    `Thing of ${collection}`,
    new Schema<Thing>({ n: Number, s: String }, { ...OFF, ...options, collection }),
    collection,
    { overwriteModels: true },
  );

describe('indexes', () => {
  test('syncIndexes drops what the schema does not name, makes what it does, and then has nothing to do', async () => {
    const Model = thing();
    Model.schema.index({ n: 1, s: -1 }, { unique: true });
    Model.schema.index({ s: 1 }, { partialFilterExpression: { n: { $gt: 1 } }, collation: { locale: 'en' } });
    await Model.createCollection();
    await Model.collection.createIndex({ old: 1 }, {}, {});
    expect(await Model.syncIndexes()).toEqual(['old_1']);
    expect((await Model.listIndexes()).map(({ name }: { name: string }) => name)).toEqual(['_id_', 'n_1_s_-1', 's_1']);
    expect(await Model.diffIndexes()).toEqual({ toDrop: [], toCreate: [] });
    expect(await Model.syncIndexes()).toEqual([]);
  });

  test('a unique index over duplicates is refused with 11000', async () => {
    const Model = thing();
    Model.schema.index({ n: 1 }, { unique: true });
    await Model.insertMany([{ n: 1 }, { n: 1 }]);
    expect(await failure(Model.createIndexes())).toMatchObject({ code: 11000, keyValue: { n: 1 } });
  });

  test('an index of the same name with other options is refused with IndexKeySpecsConflict', async () => {
    const Model = thing();
    await Model.collection.createIndex({ n: 1 }, { name: 'by n' }, {});
    const again = failure(Model.collection.createIndex({ n: 1 }, { name: 'by n', unique: true }, {}));
    expect(await again).toMatchObject({ code: 86, codeName: 'IndexKeySpecsConflict' });
  });
});

describe('kinds of collections', () => {
  test('a clustered collection lies in the order of its _id', async () => {
    // The types of Mongoose do not know the option.
    const clustered: object = { clusteredIndex: { key: { _id: 1 }, name: 'by id', unique: true } };
    const schema = new Schema<{ _id: string }>({ _id: String }, { ...OFF, ...clustered });
    const Model = bench.connection.model('Clustered', schema);
    await Model.createCollection();
    await Model.insertMany(['b', 'c', 'a'].map((_id) => ({ _id })));
    expect((await Model.find()).map(({ _id }) => _id)).toEqual(['a', 'b', 'c']);
    expect(await Model.listIndexes()).toMatchObject([{ name: 'by id', clustered: true }]);
    expect(await Model.diffIndexes()).toEqual({ toDrop: [], toCreate: [] });
  });

  test('a capped collection keeps its newest, and a tailable cursor waits for the next', async () => {
    const Model = thing({ capped: { size: 4_096, max: 3 } });
    await Model.createCollection();
    for (const n of [1, 2, 3, 4]) await Model.create({ n });
    expect((await Model.find()).map(({ n }) => n)).toEqual([2, 3, 4]);
    // The types of Mongoose do not know the option.
    const waiting: object = { awaitData: true };
    const cursor = Model.find({ n: { $gt: 3 } })
      .tailable(true, { ...waiting })
      .cursor();
    expect((await cursor.next())?.n).toBe(4);
    const next = cursor.next();
    await Model.create({ n: 5 });
    expect((await next)?.n).toBe(5);
    await cursor.close();
  });

  test('a view is read like a collection', async () => {
    await thing().insertMany([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const View = thing({}, 'large');
    await View.createCollection({ viewOn: 'things', pipeline: [{ $match: { n: { $gt: 1 } } }] });
    expect(await View.countDocuments()).toBe(2);
    expect(await View.distinct('n')).toEqual([2, 3]);
    expect(await View.findOne().sort('-n').lean()).toMatchObject({ n: 3 });
  });

  test.each([
    ['insert', () => thing({}, 'large').create({ n: 1 })],
    ['update', () => thing({}, 'large').updateMany({}, { n: 1 })],
    ['delete', () => thing({}, 'large').deleteMany({})],
    ['findOneAndUpdate', () => thing({}, 'large').findOneAndUpdate({}, { n: 1 })],
    ['findOneAndDelete', () => thing({}, 'large').findOneAndDelete({})],
    ['createIndex', () => thing({}, 'large').collection.createIndex({ n: 1 }, {}, {})],
  ])('%s on a view is refused with CommandNotSupportedOnView', async (_name, write) => {
    await bench.connection.createCollection('large', { viewOn: 'things', pipeline: [] });
    expect(await failure(write())).toMatchObject({ code: 166 });
  });
});

describe('what there is no server for here', () => {
  test.each([
    ['createSearchIndex', () => thing().createSearchIndex({ name: 'x', definition: { mappings: { dynamic: true } } })],
    ['dropSearchIndex', () => thing().dropSearchIndex('x')],
    ['listSearchIndexes', () => thing().listSearchIndexes()],
    ['$vectorSearch', () => thing().aggregate([{ $vectorSearch: { index: 'x' } as never }])],
  ])('%s is refused and says that it needs Atlas', async (_name, run) => {
    await thing().createCollection();
    const error = await failure<Error>(run());
    if (!bench.server.isReal) expect(error).toMatchObject({ code: 31082, codeName: 'SearchNotEnabled' });
    expect(error.message).toContain('Atlas');
  });

  test('credentials are refused with AuthenticationFailed', async () => {
    const connecting = bench.server.connect({ auth: { username: 'nobody', password: 'wrong' } });
    expect(await failure(connecting)).toMatchObject({ code: 18, codeName: 'AuthenticationFailed' });
  });

  test.each([
    ['a 2dsphere index', () => thing().collection.createIndex({ place: '2dsphere' }, {}, {}), 67],
    ['a hashed index', () => thing().collection.createIndex({ n: 'hashed' }, {}, {}), 67],
    ['$near', () => thing().collection.findOne({ place: { $near: [1, 2] } }), 2],
    [
      '$geoNear',
      () =>
        thing()
          .collection.aggregate([{ $geoNear: { near: [1, 2], distanceField: 'd' } }])
          .next(),
      125,
    ],
    ['a change stream', () => thing().collection.watch().tryNext(), 40573],
    ['a time series', () => thing({ timeseries: { timeField: 't' } }, 'series').createCollection(), 125],
  ])('%s is refused and points at MONGODB_URI', async (_name, run, code) => {
    if (bench.server.isReal) return;
    await thing().create({ n: 1 });
    const error = await failure(run());
    expect(error).toMatchObject({ code });
    expect(error.message).toContain('set MONGODB_URI');
  });
});

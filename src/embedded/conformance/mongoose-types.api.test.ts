import { describe, expect, test } from '@jest/globals';
import mongoose, { Schema } from 'mongoose';
import { failure, withMongoose } from './mongoose-bench.ts';

// Mongoose loads classes of its own, and knows no others.
const { Binary, Decimal128, ObjectId, UUID } = mongoose.mongo;

const bench = withMongoose();

const BEYOND_DOUBLES = 9_007_199_254_740_993n;

interface Kinds {
  big: bigint;
  bigs: bigint[];
  double: number;
  whole: number;
  price: mongoose.mongo.Decimal128;
  uuid: mongoose.mongo.UUID;
  bytes: Buffer;
  counts: Map<string, number>;
}

const kinds = () =>
  bench.connection.model<Kinds>(
    'Kinds',
    new Schema<Kinds>(
      {
        big: BigInt,
        bigs: [BigInt],
        double: Schema.Types.Double,
        whole: Schema.Types.Int32,
        price: Schema.Types.Decimal128,
        uuid: Schema.Types.UUID,
        bytes: Buffer,
        counts: { type: Map, of: Number },
      },
      { autoCreate: false, autoIndex: false },
    ),
  );

describe('types of values', () => {
  test('integers beyond the doubles are kept, compared, sorted and summed exactly', async () => {
    const Model = kinds();
    await Model.create([{ big: BEYOND_DOUBLES, bigs: [1n, BEYOND_DOUBLES] }, { big: BEYOND_DOUBLES + 1n }]);
    const found = await Model.findOne({ big: BEYOND_DOUBLES });
    expect(found?.big).toBe(BEYOND_DOUBLES);
    expect([...(found?.bigs ?? [])]).toEqual([1n, BEYOND_DOUBLES]);
    expect((await Model.findOne().sort('-big'))?.big).toBe(BEYOND_DOUBLES + 1n);
    const [sum] = await Model.aggregate<{ total: bigint }>([{ $group: { _id: null, total: { $sum: '$big' } } }]);
    expect(String(sum?.total)).toBe(String(BEYOND_DOUBLES * 2n + 1n));
  });

  test.each([
    ['big', 'long'],
    ['double', 'double'],
    ['whole', 'int'],
    ['price', 'decimal'],
    ['uuid', 'binData'],
  ])('%s is stored as %s and stays so when it is added to', async (path, type) => {
    const Model = kinds();
    const price = Decimal128.fromString('1.10');
    await Model.create({ big: 5n, double: 5, whole: 5, price, uuid: new UUID() });
    await Model.updateOne({}, { $inc: { big: 1n, double: 1, whole: 1, price: Decimal128.fromString('0.20') } });
    expect(await Model.countDocuments({ [path]: { $type: type } })).toBe(1);
    expect((await Model.findOne())?.price.toString()).toBe('1.30');
  });

  test('bytes, UUIDs and maps come back and are found by their values', async () => {
    const Model = kinds();
    const uuid = new UUID('09190f70-3d30-11e5-8814-0f4df9a59c41');
    await Model.create({ uuid, bytes: Buffer.from('hello'), counts: new Map([['a', 1]]) });
    const found = await Model.findOne({ uuid, bytes: Buffer.from('hello'), 'counts.a': 1 });
    expect(found?.uuid.toString()).toBe(uuid.toString());
    expect(found?.bytes.toString()).toBe('hello');
    found?.counts.set('b', 2);
    await found?.save();
    expect(Object.fromEntries((await Model.findOne())?.counts ?? [])).toEqual({ a: 1, b: 2 });
  });
});

describe('types of keys', () => {
  test('a UUID that is there already is named in its own notation', async () => {
    const { collection } = kinds();
    await collection.createIndex({ uuid: 1 }, { unique: true }, {});
    const uuid = new UUID('09190f70-3d30-11e5-8814-0f4df9a59c41');
    await collection.insertOne({ uuid });
    const { message } = await failure(collection.insertOne({ uuid }));
    expect(message).toContain('dup key: { uuid: UUID("09190f70-3d30-11e5-8814-0f4df9a59c41") }');
  });

  test.each<[string, unknown]>([
    ['a string', 'x'],
    ['a number', 5],
    ['an object', { a: 1, b: 2 }],
    ['a date', new Date(5)],
    ['bytes', new Binary(Buffer.from('q'))],
    ['a UUID', new UUID()],
    ['a decimal', Decimal128.fromString('1.5')],
    ['an ObjectId', new ObjectId()],
  ])('%s may be an _id, and only once', async (_kind, _id) => {
    const Model = bench.connection.model('Keyed', new Schema({ _id: Schema.Types.Mixed, n: Number }));
    await Model.create({ _id, n: 1 });
    expect(await failure(Model.create({ _id, n: 2 }))).toMatchObject({ code: 11000 });
    expect(await Model.countDocuments({ _id })).toBe(1);
    expect(await Model.deleteOne({ _id })).toMatchObject({ deletedCount: 1 });
  });
});

describe("a validator made of Mongoose's schema", () => {
  const strict = async () => {
    const Model = kinds();
    await Model.createCollection({ validator: { $jsonSchema: Model.schema.toJSONSchema({ useBsonType: true }) } });
    return Model;
  };

  test('what Mongoose stores is valid, each number in its own type', async () => {
    const Model = await strict();
    await Model.create({ big: 5n, double: 1, whole: 2, price: Decimal128.fromString('1.5'), uuid: new UUID() });
    expect(await Model.countDocuments()).toBe(1);
  });

  test('a number of another type is refused with 121, and told why', async () => {
    const Model = await strict();
    const error = await failure(Model.collection.insertOne({ big: 5 }));
    expect(error).toMatchObject({ code: 121, message: 'Document failed validation' });
    expect(JSON.stringify(error)).toContain('"consideredType":"int"');
  });
});

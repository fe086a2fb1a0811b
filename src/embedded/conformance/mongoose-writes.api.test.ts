import { describe, expect, test } from '@jest/globals';
import { Schema, type Model } from 'mongoose';
import type { MongoBulkWriteError, MongoServerError } from 'mongodb';
import { failure, withMongoose } from './mongoose-bench.ts';

const bench = withMongoose();

interface Person {
  name?: string;
  age?: number;
  tags: string[];
  visits: { at: number; note?: string }[];
}

const people = async (): Promise<Model<Person>> => {
  const schema = new Schema<Person>({
    name: { type: String, unique: true, sparse: true },
    age: Number,
    tags: [String],
    visits: [{ at: Number, note: String }],
  });
  const model = bench.connection.model<Person>('Person', schema);
  await model.init();
  return model;
};

describe('duplicate keys', () => {
  test('a second document with a unique value is refused with 11000, which names index and value', async () => {
    const Person = await people();
    await Person.create({ name: 'Ada' });
    const error = await failure<MongoServerError>(Person.create({ name: 'Ada' }));
    expect(error).toMatchObject({ code: 11000, keyPattern: { name: 1 }, keyValue: { name: 'Ada' } });
    expect(error.message).toContain('index: name_1 dup key: { name: "Ada" }');
  });

  test('an unordered insertMany inserts all but the duplicates and tells their places', async () => {
    const Person = await people();
    const names = ['a', 'b', 'b', 'c', 'c'].map((name) => ({ name }));
    const error = await failure<MongoBulkWriteError>(Person.insertMany(names, { ordered: false }));
    expect(error).toMatchObject({ name: 'MongoBulkWriteError', code: 11000, result: { insertedCount: 3 } });
    expect([error.writeErrors].flat().map(({ index }) => index)).toEqual([2, 4]);
  });

  test('an ordered insertMany stops at the first duplicate', async () => {
    const Person = await people();
    const error = await failure<MongoBulkWriteError>(Person.insertMany(['a', 'a', 'b'].map((name) => ({ name }))));
    expect(error.result.insertedCount).toBe(1);
    expect(await Person.countDocuments()).toBe(1);
  });

  test.each([
    ['updateOne', (model: Model<Person>) => model.updateOne({ name: 'b' }, { name: 'a' })],
    ['findOneAndUpdate', (model: Model<Person>) => model.findOneAndUpdate({ name: 'b' }, { name: 'a' })],
    ['replaceOne', (model: Model<Person>) => model.replaceOne({ name: 'b' }, { name: 'a' })],
  ])('%s cannot take a value that another document has', async (_name, write) => {
    const Person = await people();
    await Person.create([{ name: 'a' }, { name: 'b' }]);
    expect(await failure(write(Person))).toMatchObject({ code: 11000 });
  });
});

describe('results of writes', () => {
  test('an update that changes nothing matches and modifies nothing', async () => {
    const Person = await people();
    await Person.create({ name: 'Ada', age: 36 });
    const same = await Person.updateOne({ name: 'Ada' }, { $set: { age: 36 } });
    expect(same).toMatchObject({ matchedCount: 1, modifiedCount: 0, upsertedCount: 0, upsertedId: null });
  });

  test('an upsert tells the id that it made and sets defaults', async () => {
    const Person = await people();
    const result = await Person.updateOne({ name: 'Ada' }, { $inc: { age: 1 } }, { upsert: true });
    expect(result).toMatchObject({ matchedCount: 0, modifiedCount: 0, upsertedCount: 1 });
    const made = await Person.findById(result.upsertedId).lean();
    expect(made).toMatchObject({ name: 'Ada', age: 1, tags: [], __v: 0 });
  });

  test('findOneAndUpdate tells whether it found or made the document', async () => {
    const Person = await people();
    const options = { upsert: true, includeResultMetadata: true, returnDocument: 'after' } as const;
    const made = await Person.findOneAndUpdate({ name: 'Ada' }, { age: 1 }, options);
    expect(made.lastErrorObject).toMatchObject({ n: 1, updatedExisting: false, upserted: made.value?._id });
    const found = await Person.findOneAndUpdate({ name: 'Ada' }, { age: 2 }, options);
    expect(found.lastErrorObject).toEqual({ n: 1, updatedExisting: true });
  });

  test('bulkWrite counts what each kind of statement did', async () => {
    const Person = await people();
    const result = await Person.bulkWrite([
      { insertOne: { document: { name: 'a', age: 1, tags: [], visits: [] } } },
      { updateOne: { filter: { name: 'a' }, update: { age: 2 } } },
      { updateMany: { filter: { age: { $gt: 1 } }, update: { $inc: { age: 1 } } } },
      { updateOne: { filter: { name: 'b' }, update: { age: 9 }, upsert: true } },
      { deleteMany: { filter: { age: 3 } } },
    ]);
    expect(result).toMatchObject({
      insertedCount: 1,
      matchedCount: 2,
      modifiedCount: 2,
      upsertedCount: 1,
      deletedCount: 1,
    });
  });

  test('thirty upserts of one document at once make one', async () => {
    const Person = await people();
    const one = (): PromiseLike<unknown> =>
      Person.findOneAndUpdate({ name: 'Ada' }, { $inc: { age: 1 } }, { upsert: true, returnDocument: 'after' });
    await Promise.all(Array.from({ length: 30 }, one));
    expect(await Person.find().lean()).toMatchObject([{ name: 'Ada', age: 30 }]);
  });

  test('an update that makes a document longer than 16 MiB is refused', async () => {
    const Person = await people();
    const half = 'x'.repeat(9 * 1_024 * 1_024);
    await Person.create({ name: 'Ada', tags: [half] });
    const error = await failure(Person.updateOne({ name: 'Ada' }, { $push: { tags: half } }));
    expect(error.message).toContain('Resulting document after update is larger than 16777216');
  });
});

describe('documents that were changed and saved', () => {
  test('arrays are changed element by element', async () => {
    const Person = await people();
    const person = await Person.create({ tags: ['a', 'b', 'c'], visits: [{ at: 1 }, { at: 2 }] });
    person.tags.push('d');
    await person.save();
    person.tags.splice(0, 1);
    person.visits[1] = { at: 2, note: 'late' };
    await person.save();
    const stored = await Person.findById(person._id).lean();
    expect(stored?.tags).toEqual(['b', 'c', 'd']);
    expect(stored?.visits).toMatchObject([{ at: 1 }, { at: 2, note: 'late' }]);
  });

  test('a save of what another save has moved is a VersionError', async () => {
    const Person = await people();
    const { _id } = await Person.create({ visits: [{ at: 1 }, { at: 2 }, { at: 3 }] });
    const [first, second] = await Promise.all([Person.findById(_id), Person.findById(_id)]);
    first?.visits.splice(0, 1);
    await first?.save();
    second?.set('visits.2.at', 9);
    expect(await failure(second?.save() ?? Promise.resolve())).toMatchObject({ name: 'VersionError' });
  });

  test('filtered positions change the elements that they name', async () => {
    const Person = await people();
    await Person.create({ visits: [{ at: 1 }, { at: 2 }, { at: 3 }] });
    const update = { $set: { 'visits.$[late].note': 'late' } };
    await Person.updateOne({}, update, { arrayFilters: [{ 'late.at': { $gte: 2 } }] });
    const stored = await Person.findOne().lean();
    expect(stored?.visits.map(({ note }) => note)).toEqual([undefined, 'late', 'late']);
  });
});

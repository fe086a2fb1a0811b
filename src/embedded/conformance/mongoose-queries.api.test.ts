import { describe, expect, test } from '@jest/globals';
import { Schema, type Types } from 'mongoose';
import { failure, withMongoose } from './mongoose-bench.ts';

const bench = withMongoose();

interface Word {
  text: string;
  rank: number;
}

const words = async (texts: readonly string[], options: object = {}) => {
  const Model = bench.connection.model<Word>('Word', new Schema<Word>({ text: String, rank: Number }, options));
  await Model.init();
  await Model.insertMany(texts.map((text, rank) => ({ text, rank })));
  return Model;
};

describe('collation', () => {
  const collated = () => words(['a', 'A', 'á', 'b'], { collation: { locale: 'en', strength: 1 } });

  test('counts for every query of a collection that has it', async () => {
    const Model = await collated();
    expect(await Model.countDocuments({ text: 'a' })).toBe(3);
    expect(await Model.distinct('text')).toEqual(['a', 'b']);
    expect(await Model.collection.countDocuments({ text: 'a' })).toBe(3);
  });

  test('gives way to the simple one where a query asks for it', async () => {
    const Model = await collated();
    const simple = { locale: 'simple' };
    expect(await Model.find({ text: 'a' }).collation(simple)).toHaveLength(1);
    expect(await Model.aggregate([{ $match: { text: 'a' } }]).collation(simple)).toHaveLength(1);
    expect(await Model.updateMany({ text: 'a' }, { rank: 9 }, { collation: simple })).toMatchObject({
      matchedCount: 1,
    });
    expect(await Model.deleteMany({ text: 'a' }, { collation: simple })).toMatchObject({ deletedCount: 1 });
  });

  test('decides which values $addToSet and $group hold for the same', async () => {
    const Model = await words(['b', 'B', 'c']);
    const stages = [{ $group: { _id: null, all: { $addToSet: '$text' } } }];
    const [set] = await Model.aggregate<{ all: string[] }>(stages).collation({ locale: 'en', strength: 2 });
    expect(set?.all).toEqual(['b', 'c']);
  });

  test('can order digits as numbers', async () => {
    const Model = await words(['10', '9', '100']);
    const found = await Model.find().sort('text').collation({ locale: 'en', numericOrdering: true });
    expect(found.map(({ text }) => text)).toEqual(['9', '10', '100']);
  });
});

describe('options of a find', () => {
  const ranked = async () => {
    const Model = await words(['a', 'b', 'c', 'd']);
    await Model.collection.createIndex({ rank: 1 }, {}, {});
    return Model;
  };

  test('min and max keep to a stretch of the index, its end left out', async () => {
    const { collection } = await ranked();
    const found = await collection.find().min({ rank: 1 }).max({ rank: 3 }).hint({ rank: 1 }).toArray();
    expect(found.map(({ rank }) => Number(rank))).toEqual([1, 2]);
  });

  test.each([
    ['without a hint', undefined, { rank: 1 }, 51173],
    ['of other fields than the index', { rank: 1 }, { text: 'a' }, 51174],
  ])('min %s is refused', async (_case, hint, min, code) => {
    const { collection } = await ranked();
    expect(await failure(collection.find({}, { min, ...(hint && { hint }) }).toArray())).toMatchObject({ code });
  });

  test('returnKey shows the key, showRecordId adds the number of the record', async () => {
    const { collection } = await ranked();
    expect(await collection.find({ rank: 1 }).returnKey(true).toArray()).toEqual([{ rank: 1 }]);
    const [first] = await collection.find({ rank: 0 }).showRecordId(true).toArray();
    expect(first).toHaveProperty('$recordId');
  });

  test('a hint that names no index is refused', async () => {
    const Model = await ranked();
    const error = await failure(Model.find().hint({ nowhere: 1 }));
    expect(error).toMatchObject({ code: 2 });
    expect(error.message).toContain('hint provided does not correspond to an existing index');
  });

  test('explain names the index, and changes nothing where it explains a write', async () => {
    const Model = await ranked();
    const explained: unknown = await Model.find({ rank: 1 }).explain('executionStats');
    expect(explained).toMatchObject({
      queryPlanner: { winningPlan: { inputStage: { stage: 'IXSCAN', indexName: 'rank_1' } } },
      executionStats: { nReturned: 1, totalDocsExamined: 1 },
    });
    await Model.deleteMany({}).explain();
    expect(await Model.estimatedDocumentCount()).toBe(4);
  });
});

describe('cursors', () => {
  const many = () => words(Array.from({ length: 250 }, (_, position) => `w${String(position)}`));

  test('read everything, batch by batch, whichever way they are read', async () => {
    const Model = await many();
    let seen = 0;
    for await (const { rank } of Model.find().sort('rank').cursor({ batchSize: 7 })) expect(rank).toBe(seen++);
    await Model.find()
      .cursor()
      .eachAsync((batch: unknown[]) => void (seen += batch.length), { batchSize: 30 });
    await Model.aggregate([{ $sort: { rank: 1 } }])
      .cursor({ batchSize: 20 })
      .eachAsync(() => {
        seen += 1;
      });
    expect(seen).toBe(750);
  });

  test('go on where documents are deleted behind them', async () => {
    const Model = await many();
    let seen = 0;
    for await (const { _id } of Model.find().cursor({ batchSize: 10 })) {
      seen++;
      await Model.deleteOne({ _id });
    }
    expect([seen, await Model.countDocuments()]).toEqual([250, 0]);
  });
});

describe('text search', () => {
  test('ranks by weight, knows phrases and words left out', async () => {
    const schema = new Schema<{ title: string; body: string }>({ title: String, body: String });
    schema.index({ title: 'text', body: 'text' }, { weights: { title: 10 } });
    const Model = bench.connection.model('Article', schema);
    await Model.init();
    await Model.create([
      { title: 'tea', body: 'coffee beans' },
      { title: 'coffee shop', body: 'cakes' },
    ]);
    const score = { score: { $meta: 'textScore' } } as const;
    const found = await Model.find({ $text: { $search: 'coffee' } }, score).sort(score);
    expect(found.map(({ title }) => title)).toEqual(['coffee shop', 'tea']);
    expect(await Model.countDocuments({ $text: { $search: '"coffee beans"' } })).toBe(1);
    expect(await Model.countDocuments({ $text: { $search: 'coffee -cakes' } })).toBe(1);
    expect(await Model.diffIndexes()).toEqual({ toDrop: [], toCreate: [] });
  });
});

describe('populate', () => {
  interface Author {
    name: string;
  }
  interface Book {
    title: string;
    authors: Types.ObjectId[];
  }

  test('matches, sorts and limits, and counts the other way round', async () => {
    const authorSchema = new Schema<Author>({ name: String });
    authorSchema.virtual('books', { ref: 'Book', localField: '_id', foreignField: 'authors', count: true });
    const Author = bench.connection.model('Author', authorSchema);
    const Book = bench.connection.model(
      'Book',
      new Schema<Book>({ title: String, authors: [{ type: Schema.Types.ObjectId, ref: 'Author' }] }),
    );
    const authors = await Author.create(['a', 'b', 'c'].map((name) => ({ name })));
    await Book.create([
      { title: 'all', authors: authors.map(({ _id }) => _id) },
      { title: 'one', authors: authors.slice(0, 1).map(({ _id }) => _id) },
    ]);
    const book = await Book.findOne({ title: 'all' })
      .populate<{ authors: Author[] }>({ path: 'authors', match: { name: { $ne: 'a' } }, options: { sort: '-name' } })
      .orFail();
    expect(book.authors.map(({ name }) => name)).toEqual(['c', 'b']);
    const counted = await Author.find().sort('name').populate<{ books: number }>('books');
    expect(counted.map(({ books }) => books)).toEqual([2, 1, 1]);
  });
});

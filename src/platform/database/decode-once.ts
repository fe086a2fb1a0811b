import { mongo } from 'mongoose';

/** Bytes, or null where there is none. */
type Row = object | null;

interface Cursor {
  next(): Promise<Row>;
  toArray(): Promise<Row[]>;
}

interface Reads {
  find(filter: unknown, options: unknown): Cursor;
  findOne(filter: unknown, options: unknown): Promise<Row>;
}

const { deserialize } = mongo.BSON;

/**
 * Has a model's documents decoded as they are read. The driver, which tells of each command, would decode every answer for that as a
 * whole, and each document of it once more by itself: three times the work, of a list half of what it costs.
 */
export function decodedOnce<M extends { readonly collection: object }>(model: M): M {
  const collection = model.collection as Reads;
  const [find, findOne] = [collection.find.bind(collection), collection.findOne.bind(collection)];
  Object.assign(collection, {
    find: (filter: unknown, options: object) => decoding(find(filter, { ...options, raw: true })),
    findOne: async (filter: unknown, options: object) => decoded(await findOne(filter, { ...options, raw: true })),
  });
  return model;
}

function decoding(cursor: Cursor): object {
  const [next, toArray] = [cursor.next.bind(cursor), cursor.toArray.bind(cursor)];
  return Object.assign(cursor, {
    next: async () => decoded(await next()),
    toArray: async () => (await toArray()).map(decoded),
  });
}

/** The driver's `toArray` asks for the first row by `next`, and so has it decoded already. */
const decoded = (row: Row): Row => (row instanceof Uint8Array ? deserialize(row) : row);

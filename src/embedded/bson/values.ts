import { BSONRegExp, type ObjectId } from 'bson';

/** The numbers that BSON gives its types on the wire. Source: https://bsonspec.org/spec.html */
export const BsonType = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  dbPointer: 12,
  javascript: 13,
  symbol: 14,
  javascriptWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: 255,
  maxKey: 127,
} as const;

const TAG: unique symbol = Symbol.for('@@mdb.bson.type');

/** The name of the bson class that a value belongs to, undefined for all else. A document's own field `_bsontype` is no tag. */
export function bsonTag(value: object): string | undefined {
  return (value as { [TAG]?: string })[TAG];
}

/** The deprecated BSON type 0x0C. The bson package would turn it into a `$ref` document, which no longer has its bytes. */
export class DBPointer {
  readonly [TAG] = 'DBPointer';
  readonly collection: string;
  readonly id: ObjectId;

  constructor(collection: string, id: ObjectId) {
    this.collection = collection;
    this.id = id;
  }
}

interface WritesItself {
  serializeInto(bytes: Uint8Array, offset: number): number;
}

/** Writes an ObjectId's 12 bytes without the Buffer that its getter `id` makes each time. */
export function copyObjectId(id: ObjectId, bytes: Uint8Array, offset: number): void {
  (id as unknown as WritesItself).serializeInto(bytes, offset);
}

/** A regular expression's source and options, as BSON holds them. */
export interface RegexParts {
  readonly pattern: string;
  readonly options: string;
}

/** JavaScript escapes `/` in the source of an expression and writes an empty one as `(?:)`, so what was stored is kept beside it. */
const originals = new WeakMap<RegExp, RegexParts>();

/** The wrapper with options as they are; its constructor refuses letters and orders that BSON can hold. */
export function toBsonRegExp(pattern: string, options: string): BSONRegExp {
  const wrapper = new BSONRegExp(pattern);
  wrapper.options = options;
  return wrapper;
}

/** A JavaScript expression where its flags and syntax can say what was stored, otherwise the wrapper. */
export function toRegExp(pattern: string, options: string): RegExp | BSONRegExp {
  if (!/^[ims]*$/.test(options)) return toBsonRegExp(pattern, options);
  try {
    const expression = new RegExp(pattern, options);
    originals.set(expression, { pattern, options });
    return expression;
  } catch {
    return toBsonRegExp(pattern, options);
  }
}

/** What BSON stores for an expression. The driver writes the flag `g` as the option `s`, and so does this. */
export function regexParts(value: RegExp | BSONRegExp): RegexParts {
  if (!(value instanceof RegExp)) return value;
  const original = originals.get(value);
  if (original !== undefined) return original;
  const dotAll = value.dotAll || value.global;
  return {
    pattern: value.source,
    options: (value.ignoreCase ? 'i' : '') + (value.multiline ? 'm' : '') + (dotAll ? 's' : ''),
  };
}

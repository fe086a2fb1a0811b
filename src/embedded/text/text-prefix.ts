import type { Document } from '../bson/codec.ts';
import { otherPaths } from './text-index.ts';
import type { TextOptions } from './text-options.ts';

/**
 * The values that a filter demands of the fields before the text in an index's key, at its top or in an `$and`: they
 * narrow a search to the documents that share them. `undefined` where it lacks an equality on one of them, which
 * MongoDB refuses; empty where there are no such fields.
 */
export function textPrefix(options: TextOptions, filter: Document): readonly unknown[] | undefined {
  const values: unknown[] = [];
  for (const path of otherPaths(options).before) {
    const value = equalTo(filter, path);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function equalTo(filter: Document, path: string): unknown {
  const value = equalityIn(filter[path]);
  if (value !== undefined) return value;
  const all: unknown = filter.$and;
  if (!Array.isArray(all)) return undefined;
  return (all as Document[]).map((part) => equalTo(part, path)).find((found) => found !== undefined);
}

function equalityIn(condition: unknown): unknown {
  if (typeof condition !== 'object' || condition === null) return condition;
  if (condition instanceof RegExp || ('_bsontype' in condition && condition._bsontype === 'BSONRegExp'))
    return undefined;
  if ('$eq' in condition) return condition.$eq;
  return Object.keys(condition).some((name) => name.startsWith('$')) ? undefined : condition;
}

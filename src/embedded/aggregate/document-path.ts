import type { Document } from '../bson/codec.ts';
import { fieldOf, isObject, setField } from '../query/value-types.ts';

/** What stands at a path that leads through objects alone. */
export function valueAt(document: Document, names: readonly string[]): unknown {
  let value: unknown = document;
  for (const name of names) {
    if (!isObject(value)) return undefined;
    value = fieldOf(value, name);
  }
  return value;
}

/** A copy with the value at the path; no value takes the field away. */
export function withValue(document: Document, names: readonly string[], value: unknown): Document {
  const [name = '', ...rest] = names;
  const copy = { ...document };
  if (rest.length > 0) {
    const inner = fieldOf(document, name);
    setField(copy, name, withValue(isObject(inner) ? inner : {}, rest, value));
  } else if (value === undefined) Reflect.deleteProperty(copy, name);
  else setField(copy, name, value);
  return copy;
}

import { Double, Int32 } from 'bson';
import { decodeTyped, type Document } from '../bson/codec.ts';

/**
 * Decodes for stages that may hand on what they are given: numbers are plain where encoding gives the same type again, and keep
 * their class where it would not (longs, and doubles without a fraction).
 */
export function readDocument(bytes: Buffer): Document {
  const document = decodeTyped(bytes);
  unwrapFields(document);
  return document;
}

function unwrapFields(document: Document): void {
  for (const name of Object.keys(document)) {
    const value = document[name];
    if (typeof value === 'object' && value !== null) document[name] = unwrapped(value);
  }
}

function unwrapped(value: object): unknown {
  if (value instanceof Int32) return value.value;
  if (value instanceof Double) return Number.isInteger(value.value) ? value : value.value;
  if (Array.isArray(value)) {
    const elements: unknown[] = value;
    elements.forEach((element, index) => {
      if (typeof element === 'object' && element !== null) elements[index] = unwrapped(element);
    });
  } else if (!('_bsontype' in value) && !(value instanceof Date)) unwrapFields(value as Document);
  return value;
}

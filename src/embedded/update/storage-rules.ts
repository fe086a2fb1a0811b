import { typeAlias } from '../bson/order.ts';
import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { bsonTag, getField, isDocument } from './values.ts';

/** How deep a stored document may nest. */
export const MAX_DEPTH = 180;

/** A document nests deeper than {@link MAX_DEPTH}. */
export function tooDeep(): CommandError {
  return new CommandError('Overflow', `Document exceeds maximum nesting depth of ${String(MAX_DEPTH)}`);
}

function dollarPrefixed(name: string): CommandError {
  return new CommandError(
    'DollarPrefixedFieldName',
    `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement ` +
      'document. Consider using an aggregation pipeline with $replaceWith.',
  );
}

const dbRefField: Readonly<Record<string, (document: Document, names: readonly string[], index: number) => void>> = {
  $db: (document, names, index) => {
    checkIsString(document, '$db');
    if (names[index - 1] !== '$id') throw invalidDbRef('Found $db field without a $id before it, which is invalid.');
  },
  $id: (_document, names, index) => {
    if (names[index - 1] !== '$ref') throw invalidDbRef('Found $id field without a $ref before it, which is invalid.');
  },
  $ref: (document, names, index) => {
    checkIsString(document, '$ref');
    if (names[index + 1] !== '$id') throw invalidDbRef('The DBRef $ref field must be followed by a $id field');
  },
};

function invalidDbRef(message: string): CommandError {
  return new CommandError('InvalidDBRef', message);
}

function checkIsString(document: Document, name: string): void {
  const value = getField(document, name);
  if (typeof value !== 'string') {
    throw invalidDbRef(`The DBRef ${name} field must be a String, not a ${typeAlias(value)}`);
  }
}

/**
 * Refuses `$` fields at the top of a document that is about to be stored; `$ref`, `$id`, `$db` may stand in this order.
 * @param only the fields to look at, where others were stored before
 * @throws DollarPrefixedFieldName, InvalidDBRef
 */
export function checkDollarFields(document: Document, only?: ReadonlySet<string>): void {
  const names = Object.keys(document);
  for (const [index, name] of names.entries()) {
    if (!name.startsWith('$') || only?.has(name) === false) continue;
    const check = Object.hasOwn(dbRefField, name) ? dbRefField[name] : undefined;
    if (check === undefined) throw dollarPrefixed(name);
    check(document, names, index);
  }
}

function isForbiddenId(value: unknown): boolean {
  if (Array.isArray(value) || value === undefined || value instanceof RegExp) return true;
  return typeof value === 'object' && value !== null && bsonTag(value) === 'BSONRegExp';
}

/**
 * Refuses an `_id` that can't be stored.
 * @throws InvalidIdField for an array, a regular expression or undefined; DollarPrefixedFieldName for `$` fields in it
 */
export function checkIdValue(value: unknown): void {
  if (isForbiddenId(value)) {
    throw new CommandError('InvalidIdField', `The '_id' value cannot be of type ${typeAlias(value)}`);
  }
  if (!isDocument(value)) return;
  for (const name of Object.keys(value)) {
    if (!name.startsWith('$') || Object.hasOwn(dbRefField, name)) continue;
    throw new CommandError(
      'DollarPrefixedFieldName',
      `_id fields may not contain '$'-prefixed fields: The dollar ($) prefixed field '${name}' in '${name}' is not ` +
        'valid for storage.',
    );
  }
}

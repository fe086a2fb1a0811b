import type { Timestamp } from 'bson';
import type { Document } from '../bson/codec.ts';
import { bsonTag, binaryEqual, isDocument, nestingDepth, setOwnField } from './values.ts';
import { CommandError } from '../errors.ts';
import { formatField } from './format.ts';
import type { Compare } from './modifier-options.ts';
import { timestampOf } from './set-modifiers.ts';
import { checkDollarFields, MAX_DEPTH, tooDeep } from './storage-rules.ts';

function isEmptyTimestamp(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || bsonTag(value) !== 'Timestamp') return false;
  const { t, i } = value as Timestamp;
  return t === 0 && i === 0;
}

/** A replacement with its empty timestamps filled in, as MongoDB does at the top level (but not in `_id`). */
export function prepareReplacement(replacement: Document, now: Date): Document {
  checkDollarFields(replacement);
  if (nestingDepth(replacement) > MAX_DEPTH + 1) throw tooDeep();
  const prepared = { ...replacement };
  for (const [name, value] of Object.entries(prepared)) {
    if (name !== '_id' && isEmptyTimestamp(value)) setOwnField(prepared, name, timestampOf(now));
  }
  return prepared;
}

/**
 * The document with all fields replaced; `_id` is kept where the replacement has none, and stands first.
 * @throws ImmutableField where `_id` would change
 */
export function replaceDocument(
  document: Document,
  replacement: Document,
  compare: Compare,
): { document: Document; modified: boolean } {
  if (binaryEqual(document, replacement)) return { document, modified: false };
  const hadId = Object.hasOwn(document, '_id');
  const hasId = Object.hasOwn(replacement, '_id');
  if (hadId && hasId && compare(document._id, replacement._id) !== 0) {
    throw new CommandError(
      'ImmutableField',
      `After applying the update, the (immutable) field '_id' was found to have been altered to ` +
        formatField('_id', replacement._id),
    );
  }
  if (!hasId) return { document: hadId ? { _id: document._id, ...replacement } : replacement, modified: true };
  const isFirst = Object.keys(replacement)[0] === '_id';
  return { document: isFirst ? replacement : { _id: replacement._id, ...replacement }, modified: true };
}

/** Whether an update is a replacement: its first field is no operator. */
export function isReplacement(update: Document): boolean {
  return isDocument(update) && Object.keys(update)[0]?.startsWith('$') !== true;
}

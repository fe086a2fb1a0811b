import { CommandError } from '../errors.ts';
import { endOfElements, endOfValue, invalidBson, readInt32, terminatorOf } from './elements.ts';
import { BsonType } from './values.ts';

/** How deep MongoDB lets documents nest. Source: MongoDB Limits and Thresholds, "Nested Depth for BSON Documents". */
export const MAX_NESTING_DEPTH = 100;

type Check = (bytes: Uint8Array, at: number, after: number, depth: number) => void;

const endsInZero: Check = (bytes, _at, after) => {
  if (bytes[after - 1] !== 0) throw invalidBson('a string is not terminated');
};

const nested: Check = (bytes, at, after, depth) => {
  checkDocument(bytes, at, after, depth - 1);
};

const codeWithScope: Check = (bytes, at, after, depth) => {
  const codeBytes = readInt32(bytes, at + 4);
  const scopeAt = at + 8 + codeBytes;
  if (codeBytes < 1 || scopeAt > after || bytes[scopeAt - 1] !== 0) throw invalidBson('bad code with scope');
  checkDocument(bytes, scopeAt, after, depth - 1);
};

const CHECKS: (Check | undefined)[] = [];
CHECKS[BsonType.string] = endsInZero;
CHECKS[BsonType.javascript] = endsInZero;
CHECKS[BsonType.symbol] = endsInZero;
CHECKS[BsonType.object] = nested;
CHECKS[BsonType.array] = nested;
CHECKS[BsonType.javascriptWithScope] = codeWithScope;
CHECKS[BsonType.bool] = (bytes, at) => {
  if ((bytes[at] ?? 0) > 1) throw invalidBson('a boolean is neither 0 nor 1');
};
CHECKS[BsonType.binData] = (bytes, at) => {
  const size = readInt32(bytes, at);
  if (bytes[at + 4] === 2 && (size < 4 || readInt32(bytes, at + 5) !== size - 4))
    throw invalidBson('bad binary length');
};
CHECKS[BsonType.dbPointer] = (bytes, at) => {
  if (bytes[at + 3 + readInt32(bytes, at)] !== 0) throw invalidBson('a string is not terminated');
};

function checkDocument(bytes: Uint8Array, start: number, limit: number, depth: number): void {
  if (depth < 0) throw new CommandError('Overflow', 'BSONObj exceeded maximum nested object depth');
  const end = endOfElements(bytes, start, limit);
  if (end + 1 !== limit || bytes[end] !== 0) throw invalidBson('a document does not end where its length says');
  let at = start + 4;
  while (at < end) {
    const type = bytes[at] ?? 0;
    const valueAt = terminatorOf(bytes, at + 1, end) + 1;
    at = endOfValue(bytes, type, valueAt, end);
    const check = CHECKS[type];
    if (check !== undefined) check(bytes, valueAt, at, depth);
  }
}

/**
 * Refuses bytes that are no well-formed document before anything decodes them.
 * @param maxDepth how many levels may lie below the document itself
 * @throws CommandError InvalidBSON (22), or Overflow (15) where documents nest too deep
 */
export function validateDocument(bytes: Uint8Array, maxDepth: number = MAX_NESTING_DEPTH): void {
  checkDocument(bytes, 0, bytes.length, maxDepth);
}

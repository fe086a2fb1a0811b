import { Double, Long } from 'bson';
import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import type { Compare } from './modifier-options.ts';
import { bsonTag, getField, isDocument, setOwnField } from './values.ts';

const ALLOWED_STAGES = new Set(['$set', '$addFields', '$unset', '$project', '$replaceRoot', '$replaceWith']);

const OTHER_STAGES = new Set(
  (
    '$bucket $bucketAuto $changeStream $collStats $count $currentOp $densify $documents $facet $fill $geoNear ' +
    '$graphLookup $group $indexStats $limit $listLocalSessions $listSessions $lookup $match $merge $out ' +
    '$planCacheStats $redact $sample $search $setWindowFields $skip $sort $sortByCount $unionWith $unwind'
  ).split(' '),
);

const ONE_FIELD = 40323;
const UNKNOWN_STAGE = 40324;

/**
 * Refuses a pipeline with stages that an update may not have.
 * @throws 40323 and 40324 for what is no stage, InvalidOptions for stages that don't map one document to one
 */
export function checkStages(stages: readonly Document[]): void {
  for (const stage of stages) {
    if (!isDocument(stage)) {
      throw new CommandError('TypeMismatch', "Each element of the 'pipeline' array must be an object");
    }
    const names = Object.keys(stage);
    const [name = ''] = names;
    if (names.length !== 1) {
      throw new CommandError(ONE_FIELD, 'A pipeline stage specification object must contain exactly one field.');
    }
    if (ALLOWED_STAGES.has(name)) continue;
    if (!OTHER_STAGES.has(name)) {
      throw new CommandError(UNKNOWN_STAGE, `Unrecognized pipeline stage name: '${name}'`);
    }
    throw new CommandError('InvalidOptions', `${name} is not allowed to be used within an update`);
  }
}

/** A computed number in the type of the number that it takes the place of, where that can hold it. */
function retyped(original: unknown, result: number): unknown {
  const tag = typeof original === 'object' && original !== null ? bsonTag(original) : undefined;
  if (tag === 'Double') return new Double(result);
  if (tag === 'Long' && Number.isSafeInteger(result)) return Long.fromNumber(result);
  return result;
}

function restoreElements(original: readonly unknown[], result: readonly unknown[], compare: Compare): unknown[] {
  return result.map((element, index) =>
    index < original.length ? restoreTypes(original[index], element, compare) : element,
  );
}

function restoreFields(original: Document, result: Document, compare: Compare): Document {
  const restored: Document = {};
  for (const [name, value] of Object.entries(result)) {
    const isKnown = Object.hasOwn(original, name);
    setOwnField(restored, name, isKnown ? restoreTypes(getField(original, name), value, compare) : value);
  }
  return restored;
}

/**
 * Gives a result in the plain form the types of the document that it was computed from: what is equal keeps its original
 * value, what was moved or computed at the same place keeps the kind of number.
 */
export function restoreTypes(original: unknown, result: unknown, compare: Compare): unknown {
  if (original === result) return original;
  if (isDocument(original) && isDocument(result)) return restoreFields(original, result, compare);
  if (Array.isArray(original) && Array.isArray(result)) return restoreElements(original, result, compare);
  if (compare(original, result) === 0) return original;
  return typeof result === 'number' ? retyped(original, result) : result;
}

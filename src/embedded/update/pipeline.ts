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

/** What the stages give a field in so many words: a literal, or the path of another field. */
function statedValue(original: Document, expression: unknown): unknown {
  if (isDocument(expression)) return getField(expression, '$literal');
  if (typeof expression !== 'string' || !expression.startsWith('$') || expression.startsWith('$$')) return expression;
  let current: unknown = original;
  for (const part of expression.slice(1).split('.')) {
    current = isDocument(current) ? getField(current, part) : undefined;
  }
  return current;
}

/** The expressions that `$set` and `$addFields` give top-level fields, the last one of each. */
function statedExpressions(stages: readonly Document[]): Map<string, unknown> {
  const stated = new Map<string, unknown>();
  for (const stage of stages) {
    const fields = stage.$set ?? stage.$addFields;
    if (isDocument(fields)) for (const name of Object.keys(fields)) stated.set(name, getField(fields, name));
  }
  return stated;
}

/**
 * Gives the result of a pipeline the types that its plain form has lost. What equals the original keeps the original's type,
 * what equals the literal or the field that the stages name takes the type of that, and a number computed in the place of
 * another keeps its kind.
 */
export function restoreResult(
  original: Document,
  result: Document,
  stages: readonly Document[],
  compare: Compare,
): Document {
  const restored = restoreFields(original, result, compare);
  for (const [name, expression] of statedExpressions(stages)) {
    const before = getField(original, name);
    if (!Object.hasOwn(result, name) || (before !== undefined && compare(before, result[name]) === 0)) continue;
    const stated = statedValue(original, expression);
    if (stated !== undefined && compare(stated, result[name]) === 0) setOwnField(restored, name, stated);
  }
  return restored;
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

function restoreTypes(original: unknown, result: unknown, compare: Compare): unknown {
  if (original === result) return original;
  if (isDocument(original) && isDocument(result)) return restoreFields(original, result, compare);
  if (Array.isArray(original) && Array.isArray(result)) return restoreElements(original, result, compare);
  if (compare(original, result) === 0) return original;
  return typeof result === 'number' ? retyped(original, result) : result;
}

import type { Document } from '../bson/codec.ts';
import { checkNamespace } from '../catalog/catalog.ts';
import { CommandError } from '../errors.ts';
import { isObject } from '../query/value-types.ts';
import { checkStages as checkUpdateStages } from '../update/pipeline.ts';

export type WhenMatched = 'fail' | 'keepExisting' | 'merge' | 'replace' | readonly Document[];
export type WhenNotMatched = 'discard' | 'fail' | 'insert';

/** A `$merge`, read. */
export interface Merge {
  readonly namespace: string;
  readonly on: readonly string[];
  readonly whenMatched: WhenMatched;
  readonly whenNotMatched: WhenNotMatched;
  /** Expressions over the new document, for the pipeline of `whenMatched`. */
  readonly variables: Document;
}

const FIELDS: ReadonlySet<string> = new Set(['into', 'on', 'let', 'whenMatched', 'whenNotMatched']);
const MATCHED: readonly unknown[] = ['fail', 'keepExisting', 'merge', 'replace'];
const NOT_MATCHED: readonly unknown[] = ['discard', 'fail', 'insert'];

/** Pairs of modes that MongoDB does not offer. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  'fail discard',
  'fail fail',
  'keepExisting discard',
  'keepExisting fail',
]);

export function readMerge(argument: unknown, database: string): Merge {
  const given = typeof argument === 'string' ? { into: argument } : argument;
  if (!isObject(given))
    throw new CommandError(51182, `$merge only supports a string or object argument, not ${typeof argument}`);
  for (const name of Object.keys(given)) {
    if (!FIELDS.has(name)) throw new CommandError(40415, `BSON field '$merge.${name}' is an unknown field.`);
  }
  const namespace = namespaceOf(given.into, database);
  const whenMatched = matchedOf(given.whenMatched ?? 'merge');
  const whenNotMatched = notMatchedOf(given.whenNotMatched ?? 'insert');
  if (typeof whenMatched === 'string' && UNSUPPORTED.has(`${whenMatched} ${whenNotMatched}`)) {
    throw new CommandError(
      51181,
      `Combination of {whenMatched: ${whenMatched}, whenNotMatched: ${whenNotMatched}} is not supported`,
    );
  }
  return {
    namespace,
    on: onOf(given.on),
    whenMatched,
    whenNotMatched,
    variables: variablesOf(given.let, whenMatched),
  };
}

function namespaceOf(into: unknown, database: string): string {
  if (into === undefined) throw new CommandError(40414, "BSON field '$merge.into' is missing but a required field");
  if (typeof into !== 'string' && !isObject(into)) {
    throw new CommandError(51178, `$merge 'into' field must be either a string or an object, but found ${typeof into}`);
  }
  const { db = database, coll } = typeof into === 'string' ? { coll: into } : into;
  if (typeof coll !== 'string' || typeof db !== 'string') {
    throw new CommandError(40414, "BSON field '$merge.into.coll' is missing but a required field");
  }
  const namespace = `${db}.${coll}`;
  checkNamespace(namespace);
  return namespace;
}

function onOf(on: unknown): readonly string[] {
  if (on === undefined) return ['_id'];
  const paths: unknown[] = Array.isArray(on) ? on : [on];
  if (!paths.every((path) => typeof path === 'string')) {
    throw new CommandError(51134, `$merge 'on' array elements must be strings, but found ${typeof paths[0]}`);
  }
  if (paths.length === 0)
    throw new CommandError(51187, "If explicitly specifying $merge 'on', must include at least one field");
  if (new Set(paths).size < paths.length) throw new CommandError(31465, "Found a duplicate field in $merge 'on'");
  return paths;
}

function matchedOf(mode: unknown): WhenMatched {
  if (Array.isArray(mode)) {
    checkUpdateStages(mode as Document[]);
    return mode as Document[];
  }
  if (typeof mode !== 'string')
    throw new CommandError(
      51191,
      `$merge 'whenMatched' field  must be either a string or an array, but found ${typeof mode}`,
    );
  if (!MATCHED.includes(mode)) {
    throw new CommandError('BadValue', `Enumeration value '${mode}' for field 'whenMatched' is not a valid value.`);
  }
  return mode as WhenMatched;
}

function notMatchedOf(mode: unknown): WhenNotMatched {
  if (!NOT_MATCHED.includes(mode)) {
    throw new CommandError(
      'BadValue',
      `Enumeration value '${String(mode)}' for field '$merge.whenNotMatched' is not a valid value.`,
    );
  }
  return mode as WhenNotMatched;
}

function variablesOf(given: unknown, whenMatched: WhenMatched): Document {
  if (given === undefined) return typeof whenMatched === 'string' ? {} : { new: '$$ROOT' };
  if (!isObject(given))
    throw new CommandError('TypeMismatch', "BSON field '$merge.let' is the wrong type, expected type 'object'");
  if (typeof whenMatched === 'string') {
    throw new CommandError(51199, `Cannot use 'let' variables with 'whenMatched: ${whenMatched}' mode`);
  }
  return { new: '$$ROOT', ...given };
}

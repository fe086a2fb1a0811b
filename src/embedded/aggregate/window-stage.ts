import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { canonicalKey } from '../query/canonical-key.ts';
import { compareWith, foldValue } from '../query/collation.ts';
import { compileExpression } from '../query/expression.ts';
import { compileSort, type Sorter } from '../query/sort.ts';
import { isObject } from '../query/value-types.ts';
import { withValue } from './document-path.ts';
import { expressionOptions, inherit, metaOf, type CompileStage, type StageContext } from './stage.ts';
import { compileWindowFunction, type Partition, type WindowFunction } from './window-functions.ts';

interface Output {
  readonly path: readonly string[];
  readonly compute: WindowFunction;
}

const FIELDS: ReadonlySet<string> = new Set(['partitionBy', 'sortBy', 'output']);

function outputsOf(given: unknown, sortBy: Document | undefined, context: StageContext): Output[] {
  if (!isObject(given)) {
    throw new CommandError(40414, "BSON field '$setWindowFields.output' is missing but a required field");
  }
  return Object.entries(given).map(([path, spec]) => {
    if (!isObject(spec)) {
      throw new CommandError('FailedToParse', `The field '${path}' must be a window function`);
    }
    return { path: path.split('.'), compute: compileWindowFunction(spec, { sortBy, stage: context }) };
  });
}

function sortOf(given: unknown): Document | undefined {
  if (given === undefined || isObject(given)) return given;
  throw new CommandError(
    'TypeMismatch',
    "BSON field '$setWindowFields.sortBy' is the wrong type, expected type 'object'",
  );
}

interface Part {
  readonly value: unknown;
  readonly documents: Document[];
}

/** Sets fields computed from the documents around each, within its partition. */
export const setWindowFields: CompileStage = (argument, context) => {
  if (!isObject(argument)) {
    throw new CommandError('FailedToParse', 'the $setWindowFields stage specification must be an object');
  }
  for (const name of Object.keys(argument)) {
    if (!FIELDS.has(name)) throw new CommandError(40415, `BSON field '$setWindowFields.${name}' is an unknown field.`);
  }
  const { partitionBy = null } = argument;
  const sortBy = sortOf(argument.sortBy);
  const partitionOf = compileExpression(partitionBy, expressionOptions(context));
  const sorter = sortBy && compileSort(sortBy, context.collation);
  const outputs = outputsOf(argument.output, sortBy, context);
  const { collation } = context;
  const compare = compareWith(collation);
  return () => {
    const parts = new Map<string, Part>();
    return {
      add: (document) => {
        const value = partitionOf(document, metaOf(document)) ?? null;
        if (Array.isArray(value)) {
          throw new CommandError(
            'TypeMismatch',
            'An expression used to partition cannot evaluate to value of type array',
          );
        }
        const key = canonicalKey(collation === undefined ? value : foldValue(value, collation));
        const part = parts.get(key);
        if (part === undefined) parts.set(key, { value, documents: [document] });
        else part.documents.push(document);
      },
      *finish() {
        for (const { documents } of [...parts.values()].sort((a, b) => compare(a.value, b.value))) {
          yield* computed(sorted(documents, sorter), outputs);
        }
      },
    };
  };
};

function sorted(documents: readonly Document[], sorter: Sorter | undefined): Partition {
  if (sorter === undefined) return { documents, keys: [], isSameKey: () => true };
  const keyed = documents.map((document) => ({ document, key: sorter.keyOf(document) }));
  keyed.sort((a, b) => sorter.compare(a.key, b.key));
  const keys = keyed.map(({ key }) => key);
  return {
    documents: keyed.map(({ document }) => document),
    keys,
    isSameKey: (a, b) => sorter.compare(keys[a] ?? [], keys[b] ?? []) === 0,
  };
}

function* computed(partition: Partition, outputs: readonly Output[]): Generator<Document, void> {
  const columns = outputs.map(({ path, compute }) => ({ path, values: compute(partition) }));
  for (const [index, document] of partition.documents.entries()) {
    const result = columns.reduce((made, { path, values }) => withValue(made, path, values[index]), document);
    yield inherit(document, result);
  }
}

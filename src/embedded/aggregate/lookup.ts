import { valuesAt } from '../bson/paths.ts';
import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { canonicalKey } from '../query/canonical-key.ts';
import { compileExpression, resolvePath, type Expression } from '../query/expression.ts';
import { isObject, show } from '../query/value-types.ts';
import { withValue } from './document-path.ts';
import { bringsDocuments, compileForeign, type ForeignPipeline } from './foreign.ts';
import { expressionOptions, inherit, metaOf, type CompileStage, type StageContext } from './stage.ts';

/** Results of a `$lookup` are remembered until they hold so many documents. */
const MOST_REMEMBERED = 20_000;

/** A collection without a fitting index is held in memory by key up to so many documents. */
const LARGEST_TABLE = 50_000;

interface Lookup {
  readonly from: string | undefined;
  readonly as: string;
  readonly localField: string | undefined;
  readonly foreignField: string | undefined;
  readonly pipeline: readonly Document[] | undefined;
  readonly bindings: Document;
}

const ARGUMENTS: ReadonlySet<string> = new Set(['from', 'as', 'localField', 'foreignField', 'pipeline', 'let']);

function parse(argument: unknown): Lookup {
  if (!isObject(argument)) {
    throw new CommandError('FailedToParse', `the $lookup specification must be an object, but found ${show(argument)}`);
  }
  for (const name of Object.keys(argument)) {
    if (!ARGUMENTS.has(name)) throw new CommandError('FailedToParse', `unknown argument to $lookup: ${name}`);
  }
  const as = text(argument, 'as');
  if (as === undefined) throw new CommandError('FailedToParse', "must specify 'as' field for a $lookup");
  const pipeline = pipelineOf(argument.pipeline);
  const { let: bindings } = argument;
  if (bindings !== undefined && !isObject(bindings)) {
    throw new CommandError(
      'FailedToParse',
      `$lookup argument 'let: ${show(bindings)}' must be an object, is type ${typeof bindings}`,
    );
  }
  const lookup = {
    from: fromOf(argument),
    as,
    localField: text(argument, 'localField'),
    foreignField: text(argument, 'foreignField'),
    pipeline,
    bindings: bindings ?? {},
  };
  checkForm(lookup, bindings !== undefined);
  return lookup;
}

function text(argument: Document, name: string): string | undefined {
  const value = argument[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new CommandError(
    'FailedToParse',
    `$lookup argument '${name}: ${show(value)}' must be a string, is type ${typeof value}`,
  );
}

function fromOf(argument: Document): string | undefined {
  const { from } = argument;
  if (from === undefined || typeof from === 'string') return from;
  throw new CommandError(
    'FailedToParse',
    `$lookup argument 'from: ${show(from)}' must be a string, is type ${typeof from}`,
  );
}

function pipelineOf(value: unknown): readonly Document[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw new CommandError('TypeMismatch', "'pipeline' option must be specified as an array");
  const stages = value as Document[];
  for (const stage of stages) {
    const [name = ''] = isObject(stage) ? Object.keys(stage) : [];
    if (NOT_INSIDE.has(name)) throw new CommandError(51047, `${name} is not allowed within a $lookup's sub-pipeline`);
  }
  return stages;
}

const NOT_INSIDE: ReadonlySet<string> = new Set(['$out', '$merge', '$changeStream']);

function checkForm({ from, localField, foreignField, pipeline }: Lookup, hasLet: boolean): void {
  if ((localField === undefined) !== (foreignField === undefined)) {
    throw new CommandError(
      'FailedToParse',
      "$lookup requires both or neither of 'localField' and 'foreignField' to be specified",
    );
  }
  if (pipeline === undefined && localField === undefined) {
    throw new CommandError(
      'FailedToParse',
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
    );
  }
  if (hasLet && pipeline === undefined) {
    throw new CommandError('FailedToParse', "$lookup with a 'let' argument must also specify 'pipeline'");
  }
  if (from === undefined && !bringsDocuments(pipeline ?? [])) {
    throw new CommandError('FailedToParse', "missing 'from' option to $lookup stage specification");
  }
}

/** The values that a document is joined by: the elements of an array, `null` where there is nothing. */
export function localValues(document: Document, path: string): readonly unknown[] {
  const value = resolvePath(document, path.split('.'));
  if (!Array.isArray(value)) return [value ?? null];
  return (value as unknown[]).flatMap((element) =>
    path.includes('.') && Array.isArray(element) ? (element as unknown[]) : [element],
  );
}

/** Matches one of the values word for word: a pattern among them is no pattern. */
export function anyOf(path: string, values: readonly unknown[]): Document {
  const [only] = values;
  if (values.length === 1) return { [path]: { $eq: only } };
  const plain = values.filter((value) => !(value instanceof RegExp));
  if (plain.length === values.length) return { [path]: { $in: values } };
  return { $or: values.map((value) => ({ [path]: { $eq: value } })) };
}

/** Joined documents by what they were asked for. */
class Remembered {
  readonly #found = new Map<string, Document[]>();
  #documents = 0;

  get(key: string, find: () => Iterable<Document>): Document[] {
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const found = [...find()];
    this.#documents += found.length + 1;
    if (this.#documents > MOST_REMEMBERED) {
      this.#found.clear();
      this.#documents = found.length + 1;
    }
    this.#found.set(key, found);
    return found;
  }
}

/** A whole collection by the values at one path. */
class JoinTable {
  readonly #byKey = new Map<string, Document[]>();

  constructor(documents: Iterable<Document>, path: string) {
    for (const document of documents) {
      const keys = new Set(valuesAt(document, path).map((value) => canonicalKey(value ?? null)));
      if (keys.size === 0) keys.add(canonicalKey(null));
      for (const key of keys) {
        const found = this.#byKey.get(key);
        if (found === undefined) this.#byKey.set(key, [document]);
        else found.push(document);
      }
    }
  }

  get(values: readonly unknown[]): Document[] {
    const found = values.map((value) => this.#byKey.get(canonicalKey(value)) ?? []);
    return found.length === 1 ? (found[0] ?? []) : [...new Set(found.flat())];
  }
}

type Find = (document: Document, values: readonly unknown[] | undefined) => Document[];

export const lookup: CompileStage = (argument, context) => {
  const { from, as, localField, foreignField, pipeline = [], bindings } = parse(argument);
  const names = as.split('.');
  const bound = bindingsOf(bindings, context);
  const inner: StageContext = { ...context, variables: { ...context.variables, ...bound.blank } };
  const namespace = from === undefined ? undefined : `${context.database}.${from}`;
  const foreign = compileForeign(namespace, pipeline, inner);
  return () => {
    const remembered = new Remembered();
    const table = joinTable(namespace, foreignField, foreign, pipeline, context);
    const find: Find = (document, values) => {
      if (values?.length === 0) return [];
      if (table !== undefined && values !== undefined) return table().get(values);
      const given = bound.valuesOf(document);
      const key = canonicalKey([values ?? null, given]);
      return remembered.get(key, () => {
        Object.assign(inner.variables, context.variables, given);
        return foreign.run(
          values === undefined || foreignField === undefined ? undefined : anyOf(foreignField, values),
        );
      });
    };
    return {
      add: (document, emit) => {
        const values = localField === undefined ? undefined : localValues(document, localField);
        emit(inherit(document, withValue(document, names, [...find(document, values)])));
      },
    };
  };
};

export interface Bindings {
  /** The variables without values, so that expressions may name them. */
  readonly blank: Document;
  valuesOf(document: Document): Document;
}

/** The variables of `let`. @throws CommandError 16866, 16867 (9) for what cannot be a name */
export function bindingsOf(given: Document, context: StageContext): Bindings {
  const expressions = Object.entries(given).map(([name, value]): [string, Expression] => {
    if (!/^[a-z\u0080-\uffff]/.test(name)) {
      throw new CommandError('FailedToParse', `'${name}' starts with an invalid character for a user variable name`);
    }
    if (!/^[\w\u0080-\uffff]*$/.test(name)) {
      throw new CommandError('FailedToParse', `'${name}' contains an invalid character for a variable name`);
    }
    return [name, compileExpression(value, expressionOptions(context))];
  });
  const blank = Object.fromEntries(expressions.map(([name]) => [name, undefined]));
  return {
    blank,
    valuesOf: (document) => {
      const meta = metaOf(document);
      return Object.fromEntries(expressions.map(([name, expression]) => [name, expression(document, meta)]));
    },
  };
}

/** A table instead of a scan of the whole collection for each document. */
function joinTable(
  namespace: string | undefined,
  path: string | undefined,
  foreign: ForeignPipeline,
  pipeline: readonly Document[],
  { sources, collation }: StageContext,
): (() => JoinTable) | undefined {
  if (namespace === undefined || path === undefined || pipeline.length > 0 || collation !== undefined) return undefined;
  const resolved = sources.resolve(namespace);
  const isSmall = sources.size(resolved.namespace) <= LARGEST_TABLE;
  if (!isSmall || (resolved.pipeline.length === 0 && sources.isIndexed(resolved.namespace, path))) return undefined;
  let table: JoinTable | undefined;
  return () => (table ??= new JoinTable(foreign.run(), path));
}

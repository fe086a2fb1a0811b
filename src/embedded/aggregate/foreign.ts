import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import type { QuerySpec } from '../plan/query.ts';
import { compileExpression } from '../query/expression.ts';
import { compileMatcher } from '../query/matcher.ts';
import { isObject } from '../query/value-types.ts';
import { splitHead } from './head.ts';
import { expressionOptions, namedStage, type StageContext } from './stage.ts';

/** A pipeline over another collection, which may be run again and again. */
export interface ForeignPipeline {
  /** @param filter what the documents must match beside what the pipeline says; an index may serve it */
  run(filter?: Document): Iterable<Document>;
}

/**
 * Compiles a pipeline over another collection or view. The variables of `context` are read at each run.
 * @param namespace `undefined` for a pipeline that brings its own documents
 */
export function compileForeign(
  namespace: string | undefined,
  stages: readonly Document[],
  context: StageContext,
): ForeignPipeline {
  if (bringsDocuments(stages)) return overDocuments(stages, context);
  if (namespace === undefined)
    throw new CommandError('FailedToParse', "missing 'from' option to $lookup stage specification");
  const resolved = context.sources.resolve(namespace);
  const all = resolved.pipeline.length === 0 ? stages : [...resolved.pipeline, ...stages];
  const { filter, sort, skip, limit, rest } = splitHead(all);
  const compiled = context.compile(rest, context);
  const { variables, collation } = context;
  // Compiled for its errors alone: a collection that is not there would not tell them.
  compileMatcher(filter, { variables, collation });
  return {
    run: (more) => {
      const bound = boundFilter(filter, variables);
      const both = more === undefined || Object.keys(filter).length === 0 ? (more ?? bound) : { $and: [more, bound] };
      const spec: QuerySpec = { filter: both, sort, skip, limit, collation, variables };
      return compiled.run(context.sources.find(resolved.namespace, spec));
    },
  };
}

/** Whether a pipeline reads no collection. */
export function bringsDocuments(stages: readonly Document[]): boolean {
  const [first] = stages;
  return first !== undefined && namedStage(first)[0] === '$documents';
}

function overDocuments(stages: readonly Document[], context: StageContext): ForeignPipeline {
  const [first = {}, ...rest] = stages;
  const documents = compileDocuments(first.$documents, context);
  const compiled = context.compile(rest, context);
  return { run: () => compiled.run(documents()) };
}

/** The documents that `$documents` brings, computed at each call. */
export function compileDocuments(argument: unknown, context: StageContext): () => Document[] {
  const expression = compileExpression(argument, expressionOptions(context));
  return () => {
    const documents = expression({});
    if (!Array.isArray(documents))
      throw new CommandError(5858203, 'error during aggregation :: caused by :: an array is expected');
    if (!documents.every(isObject)) {
      throw new CommandError(40228, "'$documents' must evaluate to an array of objects, but it holds something else");
    }
    return documents;
  };
}

/**
 * Says equalities between a field and a variable a second time as plain conditions, which an index can answer. They admit more
 * than the expression (arrays that hold the value), which itself stays in force.
 */
export function boundFilter(filter: Document, variables: Document): Document {
  const equalities = equalitiesOf(filter, variables);
  return equalities.length === 0 ? filter : { $and: [filter, ...equalities] };
}

function equalitiesOf(filter: Document, variables: Document): Document[] {
  return Object.entries(filter).flatMap(([name, value]) => {
    if (name === '$and' && Array.isArray(value))
      return (value as Document[]).flatMap((part) => equalitiesOf(part, variables));
    return name === '$expr' ? expressionEqualities(value, variables) : [];
  });
}

function expressionEqualities(expression: unknown, variables: Document): Document[] {
  if (!isObject(expression)) return [];
  const { $and, $eq } = expression;
  if (Array.isArray($and)) return $and.flatMap((part) => expressionEqualities(part, variables));
  if (!Array.isArray($eq) || $eq.length !== 2) return [];
  const [left, right] = $eq as [unknown, unknown];
  return equality(left, right, variables) ?? equality(right, left, variables) ?? [];
}

function equality(field: unknown, other: unknown, variables: Document): Document[] | undefined {
  if (typeof field !== 'string' || !field.startsWith('$') || field.startsWith('$$')) return undefined;
  const value = valueOf(other, variables);
  // Null also equals what is missing to a condition, and an array or pattern would be taken apart.
  if (value === undefined || value === null || Array.isArray(value) || value instanceof RegExp) return undefined;
  return [{ [field.slice(1)]: { $eq: value } }];
}

/** The value of a constant or of a variable, `undefined` for everything else. */
function valueOf(expression: unknown, variables: Document): unknown {
  if (typeof expression === 'string') {
    if (!expression.startsWith('$')) return expression;
    const [name = '', ...path] = expression.slice(2).split('.');
    if (!expression.startsWith('$$') || !Object.hasOwn(variables, name)) return undefined;
    return path.reduce<unknown>((value, part) => (isObject(value) ? value[part] : undefined), variables[name]);
  }
  return isObject(expression) || Array.isArray(expression) ? undefined : expression;
}

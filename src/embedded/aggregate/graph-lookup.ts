import { Long } from 'bson';
import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { canonicalKey } from '../query/canonical-key.ts';
import { compileExpression } from '../query/expression.ts';
import { isNumeric, isObject, numberOf, show } from '../query/value-types.ts';
import { withValue } from './document-path.ts';
import { compileForeign } from './foreign.ts';
import { anyOf, localValues } from './lookup.ts';
import { expressionOptions, inherit, metaOf, type CompileStage } from './stage.ts';

interface GraphLookup {
  readonly from: string;
  readonly as: string;
  readonly connectFromField: string;
  readonly connectToField: string;
  readonly startWith: unknown;
  readonly maxDepth: number;
  readonly depthField: string | undefined;
  readonly restriction: Document | undefined;
}

const ARGUMENTS: ReadonlySet<string> = new Set([
  'from',
  'as',
  'connectFromField',
  'connectToField',
  'startWith',
  'maxDepth',
  'depthField',
  'restrictSearchWithMatch',
]);

function parse(argument: unknown): GraphLookup {
  if (!isObject(argument))
    throw new CommandError(
      'FailedToParse',
      `the $graphLookup stage specification must be an object, but found ${typeof argument}`,
    );
  for (const name of Object.keys(argument)) {
    if (!ARGUMENTS.has(name)) throw new CommandError(40104, `Unknown argument to $graphLookup: ${name}`);
  }
  const { startWith } = argument;
  const restriction = restrictionOf(argument.restrictSearchWithMatch);
  const [from, as] = [text(argument, 'from'), text(argument, 'as')];
  const [connectFromField, connectToField] = [text(argument, 'connectFromField'), text(argument, 'connectToField')];
  const isWhole =
    from !== undefined && as !== undefined && connectFromField !== undefined && connectToField !== undefined;
  if (!isWhole || startWith === undefined) {
    throw new CommandError(
      40105,
      "$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified.",
    );
  }
  const [maxDepth, depthField] = [depthOf(argument.maxDepth), text(argument, 'depthField')];
  return { from, as, connectFromField, connectToField, startWith, maxDepth, depthField, restriction };
}

function restrictionOf(value: unknown): Document | undefined {
  if (value === undefined || isObject(value)) return value;
  throw new CommandError(40185, 'restrictSearchWithMatch must be an object');
}

function text(argument: Document, name: string): string | undefined {
  const value = argument[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new CommandError(40103, `expected string as argument for ${name}, found: ${show(value)}`);
}

function depthOf(value: unknown): number {
  if (value === undefined) return Infinity;
  const depth = isNumeric(value) ? numberOf(value) : undefined;
  if (depth === undefined) throw new CommandError(40100, `maxDepth must be numeric, found type: ${typeof value}`);
  if (depth < 0) throw new CommandError(40101, `maxDepth requires a nonnegative argument, found: ${String(depth)}`);
  if (!Number.isInteger(depth))
    throw new CommandError(40102, `maxDepth could not be represented as a long long: ${String(depth)}`);
  return depth;
}

export const graphLookup: CompileStage = (argument, context) => {
  const spec = parse(argument);
  const { from, as, connectFromField, connectToField, maxDepth, depthField, restriction } = spec;
  const stages = restriction === undefined ? [] : [{ $match: restriction }];
  const foreign = compileForeign(`${context.database}.${from}`, stages, context);
  const startOf = compileExpression(spec.startWith, expressionOptions(context));
  const walk = (document: Document): Document[] => {
    const start = startOf(document, metaOf(document));
    let frontier: readonly unknown[] = Array.isArray(start) ? start : start === undefined ? [null] : [start];
    const asked = new Set<string>();
    const found = new Map<string, Document>();
    for (let depth = 0; depth <= maxDepth && frontier.length > 0; depth++) {
      const wanted = frontier.filter((value) => isNew(asked, value));
      if (wanted.length === 0) break;
      const next: unknown[] = [];
      for (const reached of foreign.run(anyOf(connectToField, wanted))) {
        const key = canonicalKey(reached._id);
        if (found.has(key)) continue;
        found.set(
          key,
          depthField === undefined ? reached : withValue(reached, depthField.split('.'), Long.fromNumber(depth)),
        );
        next.push(...localValues(reached, connectFromField));
      }
      frontier = next;
    }
    return [...found.values()];
  };
  const names = as.split('.');
  return () => ({
    add: (document, emit) => {
      emit(inherit(document, withValue(document, names, walk(document))));
    },
  });
};

function isNew(asked: Set<string>, value: unknown): boolean {
  const { size } = asked;
  return asked.add(canonicalKey(value)).size > size;
}

import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { compileExpression } from '../query/expression.ts';
import { inObject } from '../query/projection.ts';
import { parseAddFields, parseProjection, type ParsedProjection } from '../query/projection-parse.ts';
import { isObject, setField, show } from '../query/value-types.ts';
import {
  eachDocument,
  expressionOptions,
  inherit,
  metaOf,
  type CompileStage,
  type StageContext,
  type StartStage,
} from './stage.ts';

/** `$addFields` and its other name. */
export function addFields(name: string): CompileStage {
  return (argument, context) => {
    if (!isObject(argument)) {
      throw new CommandError(40272, `${name} specification stage must be an object, got ${typeof argument}`);
    }
    if (Object.keys(argument).length === 0) {
      throw new CommandError(40177, `Invalid ${name} :: caused by :: specification must have at least one field`);
    }
    return rewrite(parseAddFields(argument, expressionOptions(context)), context);
  };
}

function rewrite({ root, isInclusion }: ParsedProjection, context: StageContext): StartStage {
  const { now } = context;
  return eachDocument((document) => {
    const variables = metaOf(document) ?? {};
    return inherit(document, inObject(root, document, { isInclusion, own: document, plain: document, variables, now }));
  });
}

export const project: CompileStage = (argument, context) => {
  if (!isObject(argument)) throw new CommandError(15969, '$project specification must be an object');
  if (Object.keys(argument).length === 0) {
    throw new CommandError(
      51272,
      'Invalid $project :: caused by :: projection specification must have at least one field',
    );
  }
  return rewrite(parseProjection(argument, expressionOptions(context), 'project'), context);
};

export const unset: CompileStage = (argument, context) => {
  const paths: unknown[] = Array.isArray(argument) ? argument : [argument];
  if (paths.length === 0)
    throw new CommandError(31119, '$unset specification must be a string or an array with at least one field');
  if (!paths.every((path) => typeof path === 'string')) {
    throw new CommandError(
      Array.isArray(argument) ? 31120 : 31002,
      '$unset specification must be a string or an array containing only string values',
    );
  }
  return project(Object.fromEntries(paths.map((path) => [path, 0])), context);
};

export const replaceRoot: CompileStage = (argument, context) => {
  if (!isObject(argument)) throw new CommandError(40229, '$replaceRoot specification stage must be an object');
  for (const name of Object.keys(argument)) {
    if (name !== 'newRoot') throw new CommandError(40415, `BSON field '$replaceRoot.${name}' is an unknown field.`);
  }
  if (!('newRoot' in argument))
    throw new CommandError(40414, "BSON field '$replaceRoot.newRoot' is missing but a required field");
  return replaceBy(argument.newRoot, 'newRoot', context);
};

export const replaceWith: CompileStage = (argument, context) => replaceBy(argument, 'replacement document', context);

function replaceBy(argument: unknown, what: string, context: StageContext): StartStage {
  const expression = compileExpression(argument, expressionOptions(context));
  return eachDocument((document) => {
    const replacement = expression(document, metaOf(document));
    if (isObject(replacement)) return inherit(document, { ...replacement });
    const given = replacement === undefined ? 'missing' : show(replacement);
    throw new CommandError(
      40228,
      `PlanExecutor error during aggregation :: caused by :: '${what}' expression  must evaluate to an object, but resulting value was: ${given}. Type of resulting value: '${replacement === undefined ? 'missing' : typeof replacement}'. Input document: ${show(document)}`,
    );
  });
}

const REDACT_ANSWERS: readonly unknown[] = ['$$KEEP', '$$PRUNE', '$$DESCEND'];

export const redact: CompileStage = (argument, context) => {
  const options = expressionOptions(context);
  // Of the document at hand the fields are read; $$ROOT stays the whole one.
  const expression = compileExpression(argument, options);
  const inside = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inside).filter((element) => element !== undefined);
    return isObject(value) ? decide(value) : value;
  };
  const decide = (document: Document): Document | undefined => {
    const answer = expression(document);
    if (!REDACT_ANSWERS.includes(answer)) {
      throw new CommandError(
        17053,
        `$redact's expression should not return anything aside from the variables $$KEEP, $$DESCEND, and $$PRUNE, but returned ${show(answer)}`,
      );
    }
    if (answer === '$$KEEP') return document;
    if (answer === '$$PRUNE') return undefined;
    const kept: Document = {};
    for (const [name, value] of Object.entries(document)) {
      const member = inside(value);
      if (member !== undefined) setField(kept, name, member);
    }
    return kept;
  };
  return () => ({
    add: (document, emit) => {
      const kept = decide(document);
      if (kept !== undefined) emit(inherit(document, kept));
    },
  });
};

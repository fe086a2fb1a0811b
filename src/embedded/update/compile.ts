import { compareValues, typeAlias } from '../bson/order.ts';
import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { ArrayFilters } from './array-filters.ts';
import { arrayModifiers } from './array-modifiers.ts';
import { formatField } from './format.ts';
import type { Compare, MatcherFactory, ModifierOptions, ModifierParser } from './modifier-options.ts';
import { numberModifiers } from './number-modifiers.ts';
import { parsePath } from './path.ts';
import type { UpdatePath } from './path.ts';
import { checkStages, restoreResult } from './pipeline.ts';
import { parseDestination, removePath, renameDestination, renameSource } from './rename.ts';
import { isReplacement, prepareReplacement, replaceDocument } from './replacement.ts';
import { setModifiers } from './set-modifiers.ts';
import { checkDollarFields } from './storage-rules.ts';
import { fieldsNode, insertModifier } from './tree.ts';
import type { FieldsNode, Modifier } from './tree.ts';
import { getField, isDocument } from './values.ts';
import { Walker } from './walk.ts';

/** MongoDB gives no name to this one. */
const CONSTANTS_WITHOUT_PIPELINE = 51198;

/** What an update is compiled with. */
export interface UpdateOptions {
  readonly arrayFilters?: readonly Document[];
  readonly matcher: MatcherFactory;
  /** Runs pipeline stages over one document: both in the typed form; the result may be in the plain one. */
  readonly runPipeline: (document: Document, stages: Document[]) => Document;
  readonly isReplacementAllowed: boolean;
  readonly multi: boolean;
  /** What `$currentDate` writes. */
  readonly now: Date;
  /** The constants (`c`) of a pipeline update; not the `let` of the command. `runPipeline` must know them. */
  readonly variables?: Document;
  /** The order of a collation; MongoDB's plain order where it is missing. */
  readonly compare?: Compare;
}

/** What an update does to a document is told apart by these. */
export type UpdateKind = 'operators' | 'replacement' | 'pipeline';

/** The circumstances of one application. */
export interface ApplyContext {
  /** The index of the array element that the query matched, for the positional `$`. */
  readonly positional?: number;
  /** Whether the document is about to be inserted by an upsert. */
  readonly isInsert: boolean;
}

export interface AppliedUpdate {
  /** The document after the update in the typed form; shares what was not changed with the one before. */
  readonly document: Document;
  /** Whether it counts in `nModified`. */
  readonly modified: boolean;
}

/** An update, parsed once and applied to any number of documents. */
export interface CompiledUpdate {
  readonly kind: UpdateKind;
  /** Never changes its input. @throws MongoDB's error where the update doesn't fit the document */
  readonly apply: (document: Document, context: ApplyContext) => AppliedUpdate;
  /** The top-level fields that it may change. */
  readonly touched: ReadonlySet<string> | 'all';
  readonly compare: Compare;
}

const MODIFIERS: ReadonlyMap<string, ModifierParser> = new Map(
  Object.entries({ ...setModifiers, ...numberModifiers, ...arrayModifiers }),
);

interface Builder {
  readonly root: FieldsNode;
  readonly filters: ArrayFilters;
  readonly options: ModifierOptions;
  readonly touched: Set<string>;
}

function addModifier(builder: Builder, path: UpdatePath, modifier: Modifier): void {
  builder.filters.use(path);
  insertModifier(builder.root, path, modifier);
  builder.touched.add(path.parts[0] ?? '');
}

function addRename(builder: Builder, from: UpdatePath, operand: unknown): void {
  addModifier(builder, from, renameSource);
  const to = parseDestination(from, operand);
  addModifier(builder, to, renameDestination(from, to, builder.options.compare));
}

function addOperator(builder: Builder, operator: string, fields: unknown): void {
  const parser = MODIFIERS.get(operator);
  if (parser === undefined && operator !== '$rename') {
    throw new CommandError(
      'FailedToParse',
      `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
    );
  }
  if (!isDocument(fields)) {
    throw new CommandError(
      'FailedToParse',
      `Modifiers operate on fields but we found type ${typeAlias(fields)} instead. For example: {$mod: {<field>: ...}} ` +
        `not {${formatField(operator, fields)}}`,
    );
  }
  for (const name of Object.keys(fields)) {
    const path = parsePath(name);
    const operand = getField(fields, name);
    if (parser === undefined) addRename(builder, path, operand);
    else addModifier(builder, path, parser(path, operand, builder.options));
  }
}

function compileOperators(update: Document, options: UpdateOptions, compare: Compare): CompiledUpdate {
  const { matcher, now } = options;
  const filters = new ArrayFilters(options.arrayFilters ?? [], matcher);
  const builder: Builder = { root: fieldsNode(), filters, options: { matcher, now, compare }, touched: new Set() };
  for (const operator of Object.keys(update)) addOperator(builder, operator, getField(update, operator));
  filters.checkAllUsed(update);

  const { root, touched } = builder;
  const walker = new Walker(filters);
  const dollarFields = new Set([...touched].filter((name) => name.startsWith('$')));
  const apply = (document: Document, { positional, isInsert }: ApplyContext): AppliedUpdate => {
    const removals: UpdatePath[] = [];
    const index = positional === undefined ? undefined : String(positional);
    let updated = walker.walk(root, document, { root: document, path: [], positional: index, isInsert, removals });
    for (const path of removals) updated = removePath(updated, path);
    if (dollarFields.size > 0 && updated !== document) checkDollarFields(updated, dollarFields);
    return { document: updated, modified: updated !== document };
  };
  return { kind: 'operators', apply, touched, compare };
}

function refuse(message: string): CommandError {
  return new CommandError('FailedToParse', message);
}

const hasFilters = (options: UpdateOptions): boolean => (options.arrayFilters?.length ?? 0) > 0;

function compileReplacement(update: Document, options: UpdateOptions, compare: Compare): CompiledUpdate {
  if (options.multi) throw refuse('multi update is not supported for replacement-style update');
  if (!options.isReplacementAllowed) throw refuse('replacement-style updates are not allowed here');
  if (hasFilters(options)) throw refuse('arrayFilters may not be specified for replacement-style updates');
  const replacement = prepareReplacement(update, options.now);
  const apply = (document: Document): AppliedUpdate => replaceDocument(document, replacement, compare);
  return { kind: 'replacement', apply, touched: 'all', compare };
}

function compilePipeline(stages: Document[], options: UpdateOptions, compare: Compare): CompiledUpdate {
  if (hasFilters(options)) throw refuse('arrayFilters may not be specified for pipeline-style updates');
  checkStages(stages);
  const apply = (document: Document): AppliedUpdate => {
    const result = options.runPipeline(document, stages);
    return replaceDocument(document, restoreResult(document, result, stages, compare), compare);
  };
  return { kind: 'pipeline', apply, touched: 'all', compare };
}

/**
 * Parses an update, in the typed form, of any of the three kinds.
 * @throws MongoDB's error for what is wrong with the update itself
 */
export function compileUpdate(update: Document | Document[], options: UpdateOptions): CompiledUpdate {
  const compare = options.compare ?? compareValues;
  if (Array.isArray(update)) return compilePipeline(update, options, compare);
  if (options.variables !== undefined) {
    throw new CommandError(CONSTANTS_WITHOUT_PIPELINE, 'Constant values may only be specified for pipeline updates');
  }
  return isReplacement(update)
    ? compileReplacement(update, options, compare)
    : compileOperators(update, options, compare);
}

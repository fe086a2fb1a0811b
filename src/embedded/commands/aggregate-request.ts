import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { namedStage } from '../aggregate/stage.ts';
import { checkStages } from '../aggregate/pipeline.ts';
import type { AggregationSpec } from '../aggregate/aggregation.ts';
import { compileExpression } from '../query/expression.ts';
import { refuseUserCode } from '../query/context.ts';
import { parseCollation } from '../query/collation.ts';
import { missingField, read, refuseUnknownFields, wrongType } from './arguments.ts';
import type { CommandContext } from './context.ts';

/** MongoDB's first batch where none is asked for. */
const DEFAULT_FIRST_BATCH = 101;

/** MongoDB's limit of stages. */
const MOST_STAGES = 1_000;

const FIELDS: ReadonlySet<string> = new Set([
  'pipeline',
  'explain',
  'allowDiskUse',
  'cursor',
  'bypassDocumentValidation',
  'collation',
  'hint',
  'let',
  'needsMerge',
  'fromMongos',
  'exchange',
  'isMapReduceCommand',
]);

/** An `aggregate` command, read. */
export interface AggregateRequest {
  readonly spec: AggregationSpec;
  /** `{ aggregate: 1 }`: over no collection. */
  readonly isDatabase: boolean;
  readonly batchSize: number;
  /** The stage that writes the results, if there is one; it is not part of the spec's pipeline. */
  readonly output: readonly [name: '$merge' | '$out', argument: unknown] | undefined;
}

/** @throws CommandError for what MongoDB's parser would refuse */
export function readAggregate(context: CommandContext, isExplained = false): AggregateRequest {
  refuseUnknownFields(context, FIELDS);
  const { body, request } = context;
  const pipeline = pipelineOf(body);
  const batchSize = batchSizeOf(body, isExplained);
  checkStages(pipeline);
  refuseUserCode(pipeline);
  const { namespace, isDatabase } = namespaceFor(context, pipeline);
  const last = pipeline.at(-1);
  const [name, argument] = last === undefined ? [''] : namedStage(last);
  const output = name === '$out' || name === '$merge' ? ([name, argument] as const) : undefined;
  const now = new Date();
  const collation = read(body.collation, 'object', `${request.name}.collation`);
  if (collation !== undefined) parseCollation(collation);
  const spec = {
    namespace,
    pipeline: output === undefined ? pipeline : pipeline.slice(0, -1),
    variables: variablesOf(body, now),
    collation,
    hint: body.hint,
    now,
  };
  return { spec, isDatabase, batchSize, output };
}

function pipelineOf(body: Document): Document[] {
  const pipeline = body.pipeline;
  if (pipeline === undefined) throw missingField('aggregate.pipeline');
  if (!Array.isArray(pipeline)) throw wrongType('aggregate.pipeline', pipeline, 'array');
  if (pipeline.length > MOST_STAGES) {
    throw new CommandError(7749501, `Pipeline length must be no longer than ${String(MOST_STAGES)} stages`);
  }
  return pipeline as Document[];
}

function batchSizeOf(body: Document, isExplained: boolean): number {
  const cursor = body.cursor;
  if (cursor === undefined) {
    if (isExplained || body.explain !== undefined) return DEFAULT_FIRST_BATCH;
    throw new CommandError(
      'FailedToParse',
      "The 'cursor' option is required, except for aggregate with the explain argument",
    );
  }
  const given = read(cursor, 'object', 'aggregate.cursor') ?? {};
  const size = read(given.batchSize, 'number', 'aggregate.cursor.batchSize');
  if (size === undefined) return DEFAULT_FIRST_BATCH;
  if (size < 0)
    throw new CommandError(51024, `BSON field 'batchSize' value must be >= 0, actual value '${String(size)}'`);
  return Math.trunc(size);
}

/** `let` is evaluated once, before there is a document. */
function variablesOf(body: Document, now: Date): Document {
  const given = read(body.let, 'object', 'aggregate.let') ?? {};
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, compileExpression(value, { now })({}) ?? null]),
  );
}

/** Stages that speak of the whole server or bring their own documents. */
const WITHOUT_COLLECTION: ReadonlySet<string> = new Set([
  '$documents',
  '$currentOp',
  '$listLocalSessions',
  '$changeStream',
  '$queryStats',
]);

function namespaceFor(
  { body, request }: CommandContext,
  pipeline: readonly Document[],
): { namespace: string; isDatabase: boolean } {
  const name = body[request.name];
  const [first] = pipeline[0] === undefined ? [''] : namedStage(pipeline[0]);
  const standsAlone = WITHOUT_COLLECTION.has(first);
  if (name === 1) {
    if (!standsAlone) {
      throw new CommandError(
        'InvalidNamespace',
        `{aggregate: 1} is not valid for '${first}'; a collection is required.`,
      );
    }
    return { namespace: `${request.database}.$cmd.aggregate`, isDatabase: true };
  }
  if (typeof name !== 'string') {
    throw new CommandError(
      'FailedToParse',
      "Invalid command format: the 'aggregate' field must specify a collection name or 1",
    );
  }
  const namespace = `${request.database}.${name}`;
  if (name === '') throw new CommandError('InvalidNamespace', `Invalid namespace specified '${namespace}'`);
  if (standsAlone)
    throw new CommandError('InvalidNamespace', `${first} must be run with {aggregate: 1}, or as part of another stage`);
  return { namespace, isDatabase: false };
}

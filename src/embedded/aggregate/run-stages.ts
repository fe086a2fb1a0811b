import type { Document } from '../bson/codec.ts';
import type { Collation } from '../query/collation.ts';
import { compilePipeline, stageContext } from './pipeline.ts';
import { NO_SOURCES } from './sources.ts';

export interface RunOptions {
  /** Values of `let`. */
  readonly variables?: Document | undefined;
  readonly collation?: Collation | undefined;
  /** `$$NOW`; the time of the call where it is not given. */
  readonly now?: Date | undefined;
}

/**
 * Runs stages over documents at hand, each result as it is asked for. Stages that read collections find them empty.
 * @throws CommandError in MongoDB's words
 */
export function streamStages(
  documents: Iterable<Document>,
  stages: readonly Document[],
  { variables = {}, collation, now = new Date() }: RunOptions = {},
): Generator<Document> {
  const pipeline = compilePipeline(
    stages,
    stageContext({
      database: '',
      variables,
      collation,
      now,
      sources: NO_SOURCES,
    }),
  );
  return pipeline.run(documents);
}

/** {@link streamStages}, all at once. */
export function runStages(
  documents: Iterable<Document>,
  stages: readonly Document[],
  options: RunOptions = {},
): Document[] {
  return [...streamStages(documents, stages, options)];
}

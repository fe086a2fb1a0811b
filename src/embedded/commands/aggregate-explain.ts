import type { Document } from '../bson/codec.ts';
import type { Aggregation } from '../aggregate/aggregation.ts';
import { AggregationStream } from '../aggregate/aggregation-stream.ts';
import { explainQuery, type Verbosity } from '../plan/explain.ts';
import type { Operation } from '../plan/operation.ts';

const MISSING: Document = { stage: 'EOF' };

/**
 * Explains an aggregation: as a query where it is nothing else, otherwise as `$cursor` and the stages behind it.
 * With execution statistics the whole pipeline is run.
 */
export async function explainAggregation(
  aggregation: Aggregation,
  verbosity: Verbosity,
  operation: Operation,
): Promise<Document> {
  const { query, head, isQuery } = aggregation;
  const cursor = query === undefined ? missing(head.filter) : await explainQuery(query, verbosity, operation);
  if (isQuery) return cursor;
  const { explainVersion, ...shown } = cursor;
  const counts = verbosity === 'queryPlanner' ? undefined : await countsOf(aggregation, operation);
  const stages = head.rest.map((stage, position) => {
    const nReturned = counts?.[position];
    return nReturned === undefined ? stage : { ...stage, nReturned, executionTimeMillisEstimate: 0 };
  });
  const { executionStats } = shown as { executionStats?: Document };
  const found =
    executionStats === undefined ? {} : { nReturned: executionStats.nReturned, executionTimeMillisEstimate: 0 };
  return { explainVersion: explainVersion ?? '1', stages: [{ $cursor: shown, ...found }, ...stages] };
}

function missing(filter: Document): Document {
  return { explainVersion: '1', queryPlanner: { parsedQuery: filter, winningPlan: MISSING, rejectedPlans: [] } };
}

/** How many documents each stage gives. */
async function countsOf(aggregation: Aggregation, operation: Operation): Promise<readonly number[]> {
  const stream = new AggregationStream(aggregation.again());
  while (!stream.isDone) await stream.next(1_000, operation);
  return stream.counts;
}

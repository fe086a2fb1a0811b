import type { Db, Document } from 'mongodb';
import type { Connection } from 'mongoose';
import { shapeOf, type SentCommand } from './query-log.ts';

/** A query that no index serves. */
export interface Unserved {
  readonly collection: string;
  readonly operation: string;
  /** Which fields it asks and sorts by. */
  readonly shape: string;
  readonly faults: readonly string[];
}

/** A query that may do without an index. */
export interface Exemption {
  readonly collection: string;
  readonly operation?: string;
  /** Why it is no harm. */
  readonly reason: string;
}

const EXPLAINED: ReadonlySet<string> = new Set([
  'aggregate',
  'count',
  'delete',
  'distinct',
  'find',
  'findAndModify',
  'update',
]);

/** What a command carries for its session and connection, which `explain` refuses to carry again. */
const ENVELOPE: ReadonlySet<string> = new Set([
  '$clusterTime',
  '$db',
  '$readPreference',
  'apiVersion',
  'autocommit',
  'lsid',
  'maxTimeMS',
  'readConcern',
  'startTransaction',
  'stmtIds',
  'txnNumber',
  'writeConcern',
]);

// One that stands for all queries of its shape: their plans depend on the shape, not on the values.
const MAX_SHAPES = 2_000;

/** Remembers each shape of query that a suite runs, to ask the database afterwards how it would serve them. */
export class ExplainRecorder {
  readonly #shapes = new Map<string, SentCommand>();

  /** To be handed to the connection as its observer. */
  readonly observe = (sent: SentCommand): void => {
    if (!EXPLAINED.has(sent.operation) || this.#shapes.size >= MAX_SHAPES) return;
    const key = `${sent.collection} ${sent.operation} ${stagesOf(sent.command)} ${shapeOf(sent.command)}`;
    if (!this.#shapes.has(key)) this.#shapes.set(key, sent);
  };

  /** The queries that scan a whole collection or sort in memory, but for those that are exempt. */
  async unserved(connection: Connection, exemptions: readonly Exemption[] = []): Promise<Unserved[]> {
    const found: Unserved[] = [];
    for (const sent of [...this.#shapes.values()]) {
      const exempt = exemptions.some(
        ({ collection, operation = sent.operation }) => collection === sent.collection && operation === sent.operation,
      );
      if (exempt) continue;
      const faults = faultsOf(await explain(connection.getClient().db(sent.database), sent));
      const { collection, operation } = sent;
      if (faults.length > 0) found.push({ collection, operation, shape: shapeOf(sent.command), faults });
    }
    return found;
  }
}

function stagesOf({ pipeline }: SentCommand['command']): string {
  return Array.isArray(pipeline) ? (pipeline as Document[]).flatMap(Object.keys).join('>') : '';
}

async function explain(db: Db, { command }: SentCommand): Promise<Document> {
  const bare = Object.fromEntries(Object.entries(command).filter(([name]) => !ENVELOPE.has(name)));
  return db.command({ explain: bare, verbosity: 'queryPlanner' });
}

const FAULTS: ReadonlySet<unknown> = new Set(['COLLSCAN', 'SORT']);

/** Every stage of the winning plans, at whatever depth: a pipeline has one for each cursor it opens. */
function faultsOf(explained: unknown): string[] {
  if (Array.isArray(explained)) return explained.flatMap(faultsOf);
  if (typeof explained !== 'object' || explained === null) return [];
  return Object.entries(explained).flatMap(([name, value]) => {
    if (name === 'rejectedPlans' || name === 'command') return [];
    if (name === 'stage' && FAULTS.has(value)) return [String(value)];
    return faultsOf(value);
  });
}

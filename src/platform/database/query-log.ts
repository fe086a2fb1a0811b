import type { CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent, MongoClient } from 'mongodb';
import { InFlight } from '../../shared/in-flight.ts';
import { currentTrace, type QueryLog } from '../observability/trace.ts';

/** A command as it was sent, with the collection it is about. */
export interface SentCommand {
  readonly collection: string;
  readonly database: string;
  readonly operation: string;
  readonly command: Readonly<Record<string, unknown>>;
}

interface Underway {
  readonly requestId: number;
  readonly sent: SentCommand;
  readonly log: QueryLog | undefined;
}

/** The commands that ask or change data. The rest (handshakes, commits, cursors closed) is no query of a request. */
const QUERIES: ReadonlySet<string> = new Set([
  'aggregate',
  'count',
  'delete',
  'distinct',
  'find',
  'findAndModify',
  'getMore',
  'insert',
  'update',
]);

/**
 * Notes each query in the trace of the request that made it: for `Server-Timing`, the slow-request log and the
 * budget of the route. Needs a client with `monitorCommands`.
 * @param observe sees every query as well; for tests.
 */
export function recordQueries(client: MongoClient, observe?: (sent: SentCommand) => void): void {
  const underWay = new InFlight<Underway>();

  const finish = ({ requestId, duration }: CommandFailedEvent | CommandSucceededEvent): void => {
    const query = underWay.take((each) => each.requestId === requestId);
    if (query === undefined) return;
    const { collection, operation, command } = query.sent;
    query.log?.recordQuery({ collection, operation, durationMs: duration, detail: shapeOf(command) });
  };

  observeQueries(client, (sent, requestId) => {
    // The driver sends a command in the asynchronous context of its caller, but hears of its end in its socket's.
    underWay.add({ requestId, sent, log: currentTrace() });
    observe?.(sent);
  });
  client.on('commandSucceeded', finish);
  client.on('commandFailed', finish);
}

/** Has `observe` see each query as it is sent. */
export function observeQueries(client: MongoClient, observe: (sent: SentCommand, requestId: number) => void): void {
  client.on('commandStarted', ({ requestId, commandName, databaseName, command }: CommandStartedEvent) => {
    if (!QUERIES.has(commandName)) return;
    const collection = String(commandName === 'getMore' ? command.collection : command[commandName]);
    observe({ collection, database: databaseName, operation: commandName, command }, requestId);
  });
}

/** Which fields a command asks and sorts by, without their values: logs hold no personal data. */
export function shapeOf(command: Readonly<Record<string, unknown>>): string {
  const { sort } = command;
  const filter = filterIn(command);
  return [
    filter === undefined ? '' : `{${fieldsOf(filter).join(', ')}}`,
    sort === undefined ? '' : `sort {${sortKeys(sort).join(', ')}}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function filterIn({ filter, query, pipeline, updates, deletes }: SentCommand['command']): unknown {
  const [first] = (updates ?? deletes ?? []) as { readonly q?: unknown }[];
  const [stage] = (pipeline ?? []) as { readonly $match?: unknown }[];
  return filter ?? query ?? first?.q ?? stage?.$match;
}

function fieldsOf(filter: unknown): string[] {
  if (Array.isArray(filter)) return filter.flatMap(fieldsOf);
  if (typeof filter !== 'object' || filter === null) return [];
  const names = Object.entries(filter).flatMap(([key, value]) => (key.startsWith('$') ? fieldsOf(value) : [key]));
  return [...new Set(names)];
}

const sortKeys = (sort: unknown): string[] =>
  sort instanceof Map ? Array.from(sort.keys(), String) : Object.keys(sort as object);

import type { Document } from '../bson/codec.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Collection } from '../catalog/collection.ts';
import type { Records } from '../catalog/records.ts';
import { CommandError } from '../errors.ts';
import type { Operation } from '../plan/operation.ts';
import type { Request } from '../server/request.ts';
import type { Store } from '../storage/store.ts';
import type { View, WritableView } from '../storage/view.ts';
import type { Writer } from '../storage/writer.ts';
import type { RetryableWrites } from '../transactions/retryable.ts';
import type { Session, Sessions } from '../transactions/sessions.ts';
import type { PastView, PastViews } from '../transactions/snapshots.ts';
import type { Transaction } from '../transactions/transaction.ts';
import type { AggregatePool } from '../aggregate/pool.ts';
import type { Cursors } from './cursors.ts';
import type { FailPoints } from './fail-points.ts';
import type { Operations } from './operations.ts';

/** What all commands of a server share. */
export interface Services {
  readonly store: Store;
  readonly writer: Writer;
  readonly catalog: Catalog;
  readonly records: Records;
  readonly sessions: Sessions;
  readonly pastViews: PastViews;
  readonly retryable: RetryableWrites;
  readonly cursors: Cursors;
  readonly operations: Operations;
  readonly failPoints: FailPoints;
  readonly pool: AggregatePool;
  readonly address: { readonly host: string; readonly port: number };
  readonly startedAt: Date;
  /** The directory of the data; undefined where nothing is kept. */
  readonly dataDir: string | undefined;
  /** Open connections, for `serverStatus` and `currentOp`. */
  readonly connections: () => number;
}

/** One command at work. */
export interface CommandContext {
  readonly services: Services;
  readonly request: Request;
  readonly body: Document;
  readonly operation: Operation;
  readonly session: Session | undefined;
  /** Set for a write that the driver will repeat if it hears no answer. */
  readonly txnNumber: bigint | undefined;
  readonly transaction: Transaction | undefined;
  /** Set for a read with the concern "snapshot" outside of a transaction. */
  readonly past?: PastView | undefined;
}

/** Answers with the bytes of a reply document. */
export type Command = (context: CommandContext) => Buffer | Promise<Buffer>;

/** What the command reads from: its transaction, a picture of earlier, or what is durable. */
export function viewOf({ transaction, past, services }: CommandContext): View {
  return transaction ?? past ?? services.store;
}

/** What the command writes to. */
export function writableOf({ transaction, services }: CommandContext): WritableView {
  return transaction ?? services.writer;
}

/**
 * The namespace that the command's first field names.
 * @throws InvalidNamespace (73) where it is no name of a collection
 */
export function namespaceOf({ request, body }: Pick<CommandContext, 'body' | 'request'>): string {
  const name: unknown = body[request.name];
  if (typeof name !== 'string') {
    throw new CommandError('InvalidNamespace', `collection name has invalid type ${typeof name}`);
  }
  const namespace = `${request.database}.${name}`;
  if (name === '') throw new CommandError('InvalidNamespace', `Invalid namespace specified '${namespace}'`);
  return namespace;
}

export function collectionOf(context: CommandContext): Collection | undefined {
  return context.services.catalog.get(namespaceOf(context));
}

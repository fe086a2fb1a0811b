import type { Id } from '../../shared/ids.ts';
import type { RequestContext, Scope } from '../../shared/scope.ts';
import type { TransactionAccess } from '../database/transaction.ts';

/** Something that has happened. `data` holds ids only: whoever acts on it reads the state of then, not of now. */
export interface Event<T extends string = string, D extends object = object> {
  readonly type: T;
  readonly version: number;
  readonly aggregateId: Id;
  readonly data: D;
}

/** One row of the outbox, written in the transaction of the change it tells of. */
export interface EventRow<E extends Event = Event> extends Event<E['type'], E['data']> {
  readonly _id: Id;
  readonly scope: Scope;
  readonly occurredAt: Date;
  readonly traceparent: string | null;
}

/** Writes an event beside the change it tells of. */
export type AppendEvent = (
  context: Pick<RequestContext, 'scope'> & Partial<Pick<RequestContext, 'traceparent'>>,
  event: Event,
  access: TransactionAccess,
) => Promise<void>;

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

/** What a change found and what it left, for the account that is kept of it; the event itself holds ids only. */
export interface Change {
  readonly target: { readonly kind: string; readonly id: Id };
  readonly before?: object;
  readonly after?: object;
  /** Whose account it belongs to, where the context acts for the platform. */
  readonly merchantId?: Id;
}

/** Of a request, what is told of those who changed something. */
export type EventContext = Pick<RequestContext, 'scope'> &
  Partial<Pick<RequestContext, 'actor' | 'address' | 'requestId' | 'traceparent'>>;

/** Writes an event beside the change it tells of, and, with `change`, an entry into the audit log. */
export type AppendEvent = (
  context: EventContext,
  event: Event,
  access: TransactionAccess,
  change?: Change,
) => Promise<void>;

/** Notes a change in the audit log. @returns the event that follows, to be appended beside */
export type RecordChange = (
  context: EventContext,
  event: Event,
  change: Change,
  access: TransactionAccess,
) => Promise<Event>;

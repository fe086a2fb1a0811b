import { type ClientSession, type Connection } from 'mongoose';
import { Problem } from '../../shared/problem.ts';
import type { RequestContext } from '../../shared/scope.ts';
import { currentTrace } from '../observability/trace.ts';
import { tooContended } from './failures.ts';
import { demandConnection, withPulse } from './pulse.ts';
import type { Access } from './scoped.ts';

/** Access within a transaction. */
export type TransactionAccess = Access & { readonly session: ClientSession };

/**
 * Runs `work` in one transaction and returns its result. What `work` does besides the database must be harmless
 * to repeat: on a write conflict it is run again. In an idempotent endpoint the result is also the answer to replay.
 * @throws Problem `too-contended` when it did not get through before the deadline
 */
export type Transact = <T>(context: TransactionContext, work: (access: TransactionAccess) => Promise<T>) => Promise<T>;

export type TransactionContext = Pick<RequestContext, 'scope'> & Partial<Pick<RequestContext, 'deadlineAt'>>;

/** Stores an answer under the request's idempotency key, inside the transaction it is the answer of. */
export type KeepAnswer = (answer: unknown, access: TransactionAccess) => Promise<void>;

const DEADLINE_MS = 5_000;

/** A transaction that has begun to commit is waited for as long again. */
const LIMIT_MS = 2 * DEADLINE_MS;

/** @param keepAnswer does nothing outside of an idempotent request */
export function mongoTransact(connection: Connection, keepAnswer: KeepAnswer): Transact {
  return (context, work) => {
    const withAnswer = async (access: TransactionAccess) => {
      const answer = await work(access);
      await keepAnswer(answer, access);
      return answer;
    };
    return withPulse(connection, inTransaction(connection, context, withAnswer), LIMIT_MS);
  };
}

/** May outlive the wait for it, when the database hangs: then the driver ends it, and nobody is told. */
async function inTransaction<T>(
  connection: Connection,
  { scope, deadlineAt = Infinity }: TransactionContext,
  work: (access: TransactionAccess) => Promise<T>,
): Promise<T> {
  demandConnection(connection);
  const giveUpAt = Math.min(Date.now() + DEADLINE_MS, deadlineAt);
  const trace = currentTrace();
  const queriesBefore = trace?.queryCount ?? 0;
  const session = await connection.startSession();
  try {
    const result = await session.withTransaction(
      () => {
        // The driver alone would go on repeating for two minutes.
        if (Date.now() > giveUpAt) throw new Problem(tooContended, 'The change did not get through in time');
        pending.set(session, []);
        // Only what the last attempt cost is held against the route's budget: the others are the rivals' doing.
        if (trace !== undefined) trace.queryCount = queriesBefore;
        return work({ scope, session });
      },
      { readConcern: 'snapshot', writeConcern: { w: 'majority' }, maxCommitTimeMS: DEADLINE_MS },
    );
    const acts = pending.get(session) ?? [];
    await Promise.all(acts.map((act) => Promise.resolve(act())));
    return result;
  } finally {
    await session.endSession();
  }
}

const pending = new WeakMap<ClientSession, AfterCommit[]>();

/** What it returns is waited for. */
type AfterCommit = () => unknown;

/**
 * Has `act` run in this process right after the commit, such as to drop what the change made stale; the caller hears of its success
 * when that is done, and so it must neither fail nor take long. Not at all when
 * the transaction fails, nor when the process dies: what must happen goes into the outbox.
 */
export function afterCommit({ session }: TransactionAccess, act: AfterCommit): void {
  const acts = pending.get(session);
  if (acts === undefined) throw new Error('There is no transaction to wait for');
  acts.push(act);
}

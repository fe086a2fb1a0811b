import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { Transaction, type TransactionDeps } from './transaction.ts';

/** A session that nobody has used for so long is forgotten, as `logicalSessionTimeoutMinutes` promises. */
const SESSION_TIMEOUT_MS = 30 * 60_000;

/** What a command says of its session and transaction. */
export interface SessionFields {
  readonly txnNumber: bigint | undefined;
  /** Whether the command belongs to a transaction of several statements (`autocommit: false`). */
  readonly isTransaction: boolean;
  readonly startTransaction: boolean;
}

/** A logical session: at most one transaction, and the number of its last one. */
export class Session {
  readonly id: string;
  lastUsedAt = Date.now();
  transaction: { readonly number: bigint; readonly body: Transaction } | undefined;
  /** Its retryable write or statement of a transaction that runs: the next one waits. */
  current: Promise<unknown> | undefined;
  /** The highest number used so far; a lower one comes too late. */
  highestNumber = -1n;

  constructor(id: string) {
    this.id = id;
  }
}

/** All sessions, and the life of their transactions. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #deps: TransactionDeps;
  /** After how long a transaction is aborted, MongoDB's `transactionLifetimeLimitSeconds` in milliseconds. */
  transactionLifetimeMs: number;

  constructor(deps: TransactionDeps, transactionLifetimeMs: number) {
    this.#deps = deps;
    this.transactionLifetimeMs = transactionLifetimeMs;
  }

  /** The session of an `lsid`; made where it is new. */
  use(id: string): Session {
    let session = this.#sessions.get(id);
    if (session === undefined) this.#sessions.set(id, (session = new Session(id)));
    session.lastUsedAt = Date.now();
    return session;
  }

  all(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  /** The transaction that a command of this session runs in. */
  attach(session: Session, fields: SessionFields, command: string): Transaction {
    const number = fields.txnNumber;
    if (number === undefined) throw new CommandError('InvalidOptions', "'autocommit' requires 'txnNumber'");
    this.refuseOld(session, number);
    if (fields.startTransaction) return this.#start(session, number);
    const current = session.transaction;
    if (current?.number !== number) throw noSuchTransaction(number, session.highestNumber);
    const { state } = current.body;
    // Ending it once more is answered by the command itself, since the first answer may have been lost.
    if (state === 'committed' && command !== 'commitTransaction') {
      throw new CommandError(
        'TransactionCommitted',
        `Transaction with { txnNumber: ${String(number)} } has been committed.`,
      );
    }
    if (state === 'aborted') throw aborted(number);
    return current.body;
  }

  /** @throws TransactionTooOld (225) */
  refuseOld(session: Session, number: bigint): void {
    if (number >= session.highestNumber) return;
    throw new CommandError(
      'TransactionTooOld',
      `Cannot start transaction with { txnNumber: ${String(number)} } on session ${session.id} because a newer transaction with txnNumber { txnNumber: ${String(session.highestNumber)} } has already started on this session.`,
    );
  }

  /** A later retryable write ends the transaction before it, which would have it wait for itself otherwise. */
  passTo(session: Session, number: bigint): void {
    if (number <= session.highestNumber) return;
    session.transaction?.body.abort();
    session.highestNumber = number;
  }

  #start(session: Session, number: bigint): Transaction {
    if (session.transaction?.number === number) {
      throw new CommandError(
        'ConflictingOperationInProgress',
        `Cannot start a transaction at given transaction number ${String(number)} a transaction with the same number is already in progress`,
      );
    }
    session.transaction?.body.abort();
    session.highestNumber = number;
    const body = new Transaction(this.#deps);
    session.transaction = { number, body };
    this.#limit(body);
    return body;
  }

  #limit(body: Transaction): void {
    const timer = setTimeout(() => {
      body.abort();
    }, this.transactionLifetimeMs);
    timer.unref();
    void body.ended.then(() => {
      clearTimeout(timer);
    });
  }

  /** Ends sessions, their transactions with them. */
  end(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#sessions.get(id)?.transaction?.body.abort();
      this.#sessions.delete(id);
    }
  }

  /** Forgets sessions that are no longer used. */
  expire(now = Date.now()): void {
    for (const session of this.#sessions.values()) {
      if (now - session.lastUsedAt > SESSION_TIMEOUT_MS) this.end([session.id]);
    }
  }

  close(): void {
    for (const session of this.#sessions.values()) session.transaction?.body.abort();
    this.#sessions.clear();
  }
}

export function noSuchTransaction(number: bigint, active: bigint): CommandError {
  return new CommandError(
    'NoSuchTransaction',
    `Given transaction number ${String(number)} does not match any in-progress transactions. The active transaction number is ${String(active)}`,
    { labels: ['TransientTransactionError'] },
  );
}

function aborted(number: bigint): CommandError {
  return new CommandError('NoSuchTransaction', `Transaction with { txnNumber: ${String(number)} } has been aborted.`, {
    labels: ['TransientTransactionError'],
  });
}

/** The name of a session by its `lsid`, as hexadecimal digits. */
export function sessionIdOf(lsid: unknown): string | undefined {
  if (typeof lsid !== 'object' || lsid === null) return undefined;
  const { id } = lsid as { id?: { buffer?: Uint8Array } };
  if (id?.buffer === undefined)
    throw new CommandError('FailedToParse', "BSON field 'lsid.id' is missing but a required field");
  return Buffer.from(id.buffer).toString('hex');
}

/** Reads what a command's body says of its transaction. */
export function sessionFieldsOf(body: Document): SessionFields {
  const { txnNumber, autocommit, startTransaction } = body;
  return {
    txnNumber: txnNumber === undefined || txnNumber === null ? undefined : BigInt((txnNumber as number).toString()),
    isTransaction: autocommit === false,
    startTransaction: startTransaction === true,
  };
}

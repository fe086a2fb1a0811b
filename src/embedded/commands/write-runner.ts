import type { Document } from '../bson/codec.ts';
import type { StoredRecord } from '../catalog/records.ts';
import { CommandError } from '../errors.ts';
import type { Query } from '../plan/query.ts';
import { bytesTest } from '../plan/record-source.ts';
import { okReply } from '../server/reply.ts';
import { HeldByTransaction } from '../storage/view.ts';
import type { CommandContext } from './context.ts';

/** MongoDB's limit of statements in one command. */
const MAX_STATEMENTS = 100_000;

/** The reply of a write, as it grows. */
export interface WriteResult {
  n: number;
  nModified?: number;
  upserted?: { index: number; _id: unknown }[];
  writeErrors?: Document[];
}

/** A command that consists of statements, each carried out in one go or refused alone. */
export interface Statements {
  readonly count: number;
  /** Whether the first failure ends the command. */
  readonly isOrdered: boolean;
  /** Carries out one statement and adds what it did to the result; asynchronous only where it has to wait. */
  readonly run: (index: number, result: WriteResult) => undefined | Promise<void>;
}

/**
 * Runs statements one after another and answers once all of them are durable. A repeated command goes on where the
 * first attempt stopped: how far it came is written together with what it changed.
 */
export async function runStatements(
  context: CommandContext,
  statements: Statements,
  result: WriteResult,
): Promise<Buffer> {
  checkCount(statements.count);
  const { services, transaction } = context;
  const earlier = progressOf(context);
  if (earlier !== undefined) Object.assign(result, earlier.result);
  const progress = { done: earlier?.done ?? 0 };
  try {
    await carryOut(context, statements, progress, result);
  } catch (error) {
    // The statements before took effect, and must not do so again.
    saveProgress(context, progress.done, result);
    throw error;
  }
  saveProgress(context, statements.count, result);
  if (transaction === undefined) await services.writer.committed();
  return okReply({ ...result });
}

async function carryOut(
  context: CommandContext,
  statements: Statements,
  progress: { done: number },
  result: WriteResult,
): Promise<void> {
  const { operation } = context;
  while (progress.done < statements.count) {
    const index = progress.done;
    const error = await attempt(context, statements, index, result);
    // Done before anything can interrupt: what is carried out once more would take effect twice.
    progress.done += 1;
    if (error !== undefined) {
      (result.writeErrors ??= []).push(writeError(index, error));
      if (statements.isOrdered) return;
    }
    if (operation.isSliceOver) {
      saveProgress(context, progress.done, result);
      await operation.yield();
    }
  }
}

function checkCount(count: number): void {
  if (count >= 1 && count <= MAX_STATEMENTS) return;
  throw new CommandError(
    'InvalidLength',
    `Write batch sizes must be between 1 and ${String(MAX_STATEMENTS)}. Got ${String(count)} operations.`,
  );
}

/** @returns the error that refuses this statement alone */
async function attempt(
  context: CommandContext,
  { run }: Statements,
  index: number,
  result: WriteResult,
): Promise<CommandError | undefined> {
  const { operation } = context;
  const save = (): void => {
    saveProgress(context, index, result);
  };
  try {
    if (context.txnNumber !== undefined) context.services.failPoints.takeStatement(context.request);
    operation.beforeYield = save;
    await whenFree(context, () => run(index, result), save);
    return undefined;
  } catch (error) {
    // What ends the whole command, or the transaction, is no error of one statement.
    if (!(error instanceof CommandError) || isFatal(error, context)) throw error;
    return error;
  } finally {
    operation.beforeYield = undefined;
  }
}

const UNKNOWN_FIELD = 'Location40415';
const FATAL: ReadonlySet<string> = new Set([
  'WriteConflict',
  'MaxTimeMSExpired',
  'Interrupted',
  'InternalError',
  UNKNOWN_FIELD,
]);

function isFatal(error: CommandError, { transaction }: CommandContext): boolean {
  return FATAL.has(error.codeName) || (transaction !== undefined && error.details.labels !== undefined);
}

/** Repeats `work` for as long as a transaction holds what it needs: a plain write waits its turn. */
export async function whenFree<T>(
  { operation }: CommandContext,
  work: () => T | Promise<T>,
  beforeWait: () => void = () => undefined,
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof HeldByTransaction)) throw error;
      beforeWait();
      await operation.waitFor(error.ended);
    }
  }
}

/** How many of the best are kept where an order is asked for, in case that others come before us. */
const CANDIDATES = 64;

/** How many documents a query must find so that one of them can be changed. */
export function candidatesFor(sort: Document | undefined): number {
  return sort === undefined ? 1 : CANDIDATES;
}

/**
 * Hands the first document that a query finds, or none, to `change` in the same turn: nobody comes in between. Where the search took
 * several turns somebody may have made one behind it: what then fails as a duplicate is looked for once more.
 */
export async function withFirst<T>(
  context: CommandContext,
  query: () => Query,
  change: (record: StoredRecord | undefined, query: Query) => T,
): Promise<T> {
  const outcome = await searchFirst(context, query(), change);
  if (!(outcome instanceof Overtaken)) return outcome;
  const again = await searchFirst(context, query(), change);
  if (again instanceof Overtaken) throw again.duplicate;
  return again;
}

const isDuplicate = (error: unknown): error is CommandError =>
  error instanceof CommandError && error.codeName === 'DuplicateKey';

/** Somebody has made meanwhile what was searched for, it seems. */
class Overtaken {
  readonly duplicate: CommandError;

  constructor(duplicate: CommandError) {
    this.duplicate = duplicate;
  }
}

async function searchFirst<T>(
  { operation }: CommandContext,
  query: Query,
  change: (record: StoredRecord | undefined, query: Query) => T,
): Promise<Overtaken | T> {
  const { source, matcher } = query;
  const matches = bytesTest(matcher);
  const goesOn = (): boolean => !source.isDone;
  let isStale = false;
  while (goesOn()) {
    const [record] = source.pull(1, operation);
    // What was sorted in earlier turns may have changed since.
    if (record !== undefined && !(isStale && !matches(record.bytes))) return change(record, query);
    // At the end nobody may come in between either.
    if (goesOn() && operation.isSliceOver) {
      isStale = true;
      await operation.yield();
    }
  }
  try {
    return change(undefined, query);
  } catch (error) {
    if (isStale && isDuplicate(error)) return new Overtaken(error);
    throw error;
  }
}

function writeError(index: number, { code, message, details }: CommandError): Document {
  return { index, code, ...details, errmsg: message };
}

function progressOf({ services, session, txnNumber }: CommandContext): { done: number; result: Document } | undefined {
  return session === undefined || txnNumber === undefined ? undefined : services.retryable.find(session.id, txnNumber);
}

function saveProgress({ services, session, txnNumber }: CommandContext, done: number, result: WriteResult): void {
  if (session === undefined || txnNumber === undefined) return;
  services.retryable.save(session.id, txnNumber, { done, result: { ...result } });
}

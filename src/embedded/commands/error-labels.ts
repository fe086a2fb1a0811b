import type { Document } from '../bson/codec.ts';

/**
 * Failures after which a driver may do the same once more.
 * Source: the category RetriableError of src/mongo/base/error_codes.yml, MongoDB 7.0.
 */
const RETRIABLE: ReadonlySet<number> = new Set([6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** Failures after which a whole transaction may succeed when it is run again. Source: error_labels.cpp of MongoDB 7.0. */
const TRANSIENT: ReadonlySet<number> = new Set([24, 112, 239, 246, 267]);

const NO_SUCH_TRANSACTION = 251;

/** What a failed command was, as far as its labels depend on it. */
interface Failed {
  readonly name: string;
  readonly body: Document;
}

/** The labels by which drivers tell what to repeat: the write, the whole transaction, or nothing. */
export function errorLabels({ name, body }: Failed, code: number, hasWriteConcernError = false): string[] {
  if (body.txnNumber === undefined) return [];
  const ends = name === 'commitTransaction' || name === 'abortTransaction';
  const isTransaction = body.autocommit === false;
  const labels: string[] = [];
  if ((ends || !isTransaction) && RETRIABLE.has(code)) labels.push('RetryableWriteError');
  if (isTransaction && isTransient(code, ends, hasWriteConcernError)) labels.push('TransientTransactionError');
  return labels;
}

function isTransient(code: number, ends: boolean, hasWriteConcernError: boolean): boolean {
  if (TRANSIENT.has(code)) return !hasWriteConcernError;
  if (code === NO_SUCH_TRANSACTION) return !hasWriteConcernError;
  return !ends && RETRIABLE.has(code);
}

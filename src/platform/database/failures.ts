import { isError } from '../../shared/errors.ts';
import { Problem, unavailable, type FieldError, type ProblemKind } from '../../shared/problem.ts';

export const tooContended: ProblemKind = { code: 'too-contended', status: 503, title: 'Too many changes at once' };
export const alreadyExists: ProblemKind = { code: 'already-exists', status: 409, title: 'There is one already' };

/** No server answers. Thrown at once, where the driver would look for one first. */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway';
  readonly code = 'DATABASE_AWAY';

  constructor() {
    super('The database is not connected');
  }
}

interface ServerError extends Error {
  readonly code?: unknown;
  readonly errorResponse?: unknown;
  readonly keyPattern?: Readonly<Record<string, unknown>>;
  hasErrorLabel?(label: string): boolean;
}

/** The driver's and Mongoose's ways of saying that there is no server to talk to. */
const AWAY: ReadonlySet<string> = new Set([
  'DatabaseAway',
  'MongoExpiredSessionError',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoNotConnectedError',
  'MongoPoolClearedError',
  'MongoServerSelectionError',
  'MongoTopologyClosedError',
  'MongoWaitQueueTimeoutError',
  'MongooseServerSelectionError',
  'PoolClearedError',
  'PoolClearedOnNetworkError',
  'PoolClosedError',
  'WaitQueueTimeoutError',
]);

// Interrupted by a shutdown or a step-down, or not primary.
const GONE_CODES: ReadonlySet<unknown> = new Set([89, 91, 189, 10107, 11600, 11602, 13435, 13436]);
const MAX_TIME_EXPIRED = 50;
const AWAY_CODES: ReadonlySet<unknown> = new Set([...GONE_CODES, MAX_TIME_EXPIRED]);
const DUPLICATE_KEY = 11_000;
const WRITE_CONFLICT = 112;
const RETRY_AFTER_SECONDS = 1;

/** Whether the failure means that the database cannot be reached, or takes too long, rather than that it refused. */
export const isAway = (thrown: unknown): boolean => tellsOf(thrown, AWAY_CODES);

/** Whether the database cannot be reached at all: nothing is to blame that asked it. For a query that takes too long something is. */
export const isGone = (thrown: unknown): boolean => tellsOf(thrown, GONE_CODES);

function tellsOf(thrown: unknown, codes: ReadonlySet<unknown>): boolean {
  if (!isError(thrown)) return false;
  const { name, code, message, errorResponse } = thrown as ServerError;
  if (AWAY.has(name) || codes.has(code)) return true;
  if (name === 'MongooseError' && message.includes('initial connection')) return true;
  // A bulk write hides what broke it off inside of an error of its own.
  return tellsOf(errorResponse, codes) || tellsOf(thrown.cause, codes);
}

/** The fields of the unique index that refused a write, or undefined if it was no such refusal. */
export function duplicateKey(thrown: unknown): readonly string[] | undefined {
  if (!isError(thrown)) return undefined;
  const { code, keyPattern = {} } = thrown as ServerError;
  return code === DUPLICATE_KEY ? Object.keys(keyPattern) : undefined;
}

function isContention(thrown: unknown): boolean {
  if (!isError(thrown)) return false;
  const error = thrown as ServerError;
  return error.code === WRITE_CONFLICT || error.hasErrorLabel?.('TransientTransactionError') === true;
}

/** How failures of the database are told to callers; what it passes over is a bug of ours. */
export function databaseProblems(error: unknown): Problem | undefined {
  if (isAway(error)) {
    return new Problem(unavailable, 'The database is away', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
  if (isContention(error)) {
    const details = { retryAfterSeconds: RETRY_AFTER_SECONDS };
    return new Problem(tooContended, 'The change did not get through, since others changed the same', details);
  }
  const fields = duplicateKey(error);
  if (fields === undefined) return undefined;
  const errors = fields.map((path): FieldError => ({ path, message: 'is taken' }));
  return new Problem(alreadyExists, 'Another one has the same', { errors });
}

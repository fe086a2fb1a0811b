import { setTimeout } from 'node:timers/promises';
import type { Timestamp } from 'bson';
import { decodeTyped, encode, rawField, type Document } from '../bson/codec.ts';
import { showValue } from '../catalog/show-value.ts';
import { CommandError } from '../errors.ts';
import type { Operation } from '../plan/operation.ts';
import { errorReply, isExpected, okReply } from '../server/reply.ts';
import type { Request } from '../server/request.ts';
import { sessionFieldsOf, sessionIdOf, type Session, type SessionFields } from '../transactions/sessions.ts';
import type { PastView } from '../transactions/snapshots.ts';
import type { Transaction } from '../transactions/transaction.ts';
import type { Command, CommandContext, Services } from './context.ts';
import { errorLabels } from './error-labels.ts';
import type { Failure } from './fail-points.ts';
import { checkGeneric, unsatisfiedConcern } from './generic-arguments.ts';
import { AT_A_POINT_OF_TIME, COMMANDS, IN_TRANSACTION } from './table.ts';

/** A command slower than this is logged. */
const SLOW_MS = 100;

export type DispatchLog = (
  level: 'error' | 'info' | 'warn',
  message: string,
  details?: Record<string, unknown>,
) => void;

/** Finds the command that a request names, gives it its session, and turns what it throws into a reply. */
export class Dispatcher {
  readonly #services: Services;
  readonly #log: DispatchLog;

  constructor(services: Services, log: DispatchLog) {
    this.#services = services;
    this.#log = log;
  }

  /** Never throws; asynchronous only where the command is. */
  handle(request: Request): Buffer | Promise<Buffer> {
    const operation = this.#services.operations.start(request);
    try {
      const failure = this.#services.failPoints.take(request);
      const reply = failure === undefined ? this.#run(request, operation) : this.#fail(failure, request, operation);
      if (!(reply instanceof Promise)) return this.#finish(request, operation, reply);
      return reply.then(
        (bytes) => this.#finish(request, operation, bytes),
        (error: unknown) => this.#finish(request, operation, this.#refuse(request, error)),
      );
    } catch (error) {
      return this.#finish(request, operation, this.#refuse(request, error));
    }
  }

  #run(request: Request, operation: Operation): Buffer | Promise<Buffer> {
    const command = commandOf(request);
    checkGeneric(request);
    const { body } = request;
    if (request.name !== 'getMore') operation.limitTo(maxTimeOf(body.maxTimeMS));
    const id = sessionIdOf(body.lsid);
    const session = id === undefined ? undefined : this.#services.sessions.use(id);
    const fields = sessionFieldsOf(body);
    const start = (): Buffer | Promise<Buffer> => this.#start(command, request, operation, { session, fields });
    if (session === undefined || fields.txnNumber === undefined) return start();
    return inTurn(session, operation, () => (this.#isCommitted(session, fields, request) ? okReply() : start()));
  }

  #start(
    command: Command,
    request: Request,
    operation: Operation,
    { session, fields }: { session: Session | undefined; fields: SessionFields },
  ): Buffer | Promise<Buffer> {
    const transaction = session && this.#transactionOf(session, fields, request.name);
    const txnNumber = session === undefined || fields.isTransaction ? undefined : fields.txnNumber;
    if (session !== undefined && txnNumber !== undefined) this.#services.sessions.passTo(session, txnNumber);
    const past = transaction === undefined ? this.#pastOf(request) : undefined;
    const { body } = request;
    const context = { services: this.#services, request, body, operation, session, txnNumber, transaction, past };
    const reply = transaction === undefined ? command(context) : this.#runInTransaction(command, context, transaction);
    const writeConcernError = unsatisfiedConcern(request.body);
    if (past !== undefined) return Promise.resolve(reply).then((bytes) => withTime(bytes, past));
    if (writeConcernError === undefined) return reply;
    return Promise.resolve(reply).then((bytes) =>
      withWriteConcernError(request, bytes, { writeConcernError, labels: undefined }),
    );
  }

  /** Whether a commit is asked for once more that was carried out before the server was started anew. */
  #isCommitted(session: Session, { isTransaction, txnNumber }: SessionFields, { name }: Request): boolean {
    if (name !== 'commitTransaction' || !isTransaction || txnNumber === undefined) return false;
    if (session.transaction !== undefined || session.highestNumber > txnNumber) return false;
    return this.#services.retryable.find(session.id, txnNumber)?.result.committed === true;
  }

  /** The picture that a read with the concern "snapshot" asks for. */
  #pastOf({ name, body }: Request): PastView | undefined {
    const { level, atClusterTime } = (body.readConcern ?? {}) as { level?: string; atClusterTime?: Timestamp };
    if (level !== 'snapshot') return undefined;
    if (!AT_A_POINT_OF_TIME.has(name)) {
      throw new CommandError(
        'InvalidOptions',
        `Command ${name} does not support { readConcern: { level: "snapshot", provenance: "clientSupplied" } } :: caused by :: read concern not supported`,
      );
    }
    const { pastViews } = this.#services;
    return atClusterTime === undefined ? pastViews.take() : pastViews.at(atClusterTime);
  }

  #transactionOf(session: Session, fields: SessionFields, name: string): Transaction | undefined {
    if (!fields.isTransaction) return undefined;
    if (!IN_TRANSACTION.has(name)) {
      throw new CommandError(
        'OperationNotSupportedInTransaction',
        `Cannot run '${name}' in a multi-document transaction.`,
      );
    }
    return this.#services.sessions.attach(session, fields, name);
  }

  /** Any failure ends the transaction, as in MongoDB. */
  async #runInTransaction(command: Command, context: CommandContext, transaction: Transaction): Promise<Buffer> {
    try {
      const reply = await command(context);
      if (transaction.state === 'open' && rawField(reply, 'writeErrors') !== undefined) transaction.abort();
      return reply;
    } catch (error) {
      if (context.request.name !== 'commitTransaction') transaction.abort();
      throw error;
    }
  }

  async #fail(failure: Failure, request: Request, operation: Operation): Promise<Buffer> {
    if (failure.blockMs > 0) {
      operation.limitTo(maxTimeOf(request.body.maxTimeMS));
      await operation.waitFor(setTimeout(failure.blockMs, undefined, { ref: false }));
    }
    if (failure.closeConnection) {
      request.connection.destroy();
      throw new CommandError('HostUnreachable', 'Closing the connection due to a fail point');
    }
    if (failure.error !== undefined) throw failure.error;
    const reply = await this.#run(request, operation);
    return failure.writeConcernError === undefined ? reply : withWriteConcernError(request, reply, failure);
  }

  #refuse(request: Request, error: unknown): Buffer {
    if (!isExpected(error)) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#log('error', 'A command failed unexpectedly', { command: request.name, reason });
    }
    return errorReply(error instanceof CommandError ? labelled(request, error) : error);
  }

  #finish(request: Request, operation: Operation, reply: Buffer): Buffer {
    this.#services.operations.finish(operation);
    const ms = performance.now() - operation.startedAt;
    if (ms > SLOW_MS && request.name !== 'getMore') {
      const collection: unknown = request.body[request.name];
      this.#log('warn', 'Slow command', {
        command: request.name,
        database: request.database,
        collection,
        ms: Math.round(ms),
      });
    }
    return reply;
  }
}

function commandOf({ name }: Request): Command {
  const command = COMMANDS.get(name);
  if (command === undefined) throw new CommandError('CommandNotFound', `no such command: '${name}'`);
  return command;
}

/** Statements of one session run one after the other, so that a write repeated early waits for its first attempt. */
async function inTurn(session: Session, operation: Operation, start: () => Buffer | Promise<Buffer>): Promise<Buffer> {
  while (session.current !== undefined) await operation.waitFor(session.current);
  const reply = start();
  if (!(reply instanceof Promise)) return reply;
  const settled = reply.then(
    () => undefined,
    () => undefined,
  );
  session.current = settled;
  try {
    return await reply;
  } finally {
    session.current = undefined;
  }
}

/** Tells with the first results what time they are of: the session will ask for it again. */
function withTime(reply: Buffer, { at }: PastView): Buffer {
  const { cursor, ...members } = decodeTyped(reply) as { cursor?: Document };
  return encode(
    cursor === undefined ? { ...members, atClusterTime: at } : { cursor: { ...cursor, atClusterTime: at }, ...members },
  );
}

function labelled({ name, body }: Request, error: CommandError): CommandError {
  if (error.details.labels !== undefined) return error;
  const labels = errorLabels({ name, body }, error.code);
  return labels.length === 0 ? error : new CommandError(error.code, error.message, { ...error.details, labels });
}

function withWriteConcernError(
  { name, body }: Request,
  reply: Buffer,
  failure: Pick<Failure, 'labels' | 'writeConcernError'>,
): Buffer {
  const { writeConcernError } = failure;
  const labels = failure.labels ?? errorLabels({ name, body }, Number(writeConcernError?.code), true);
  const errorLabelsOf = labels.length === 0 ? {} : { errorLabels: labels };
  return encode({ ...decodeTyped(reply), ...errorLabelsOf, writeConcernError });
}

function maxTimeOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  const milliseconds = Number(value);
  if (Number.isNaN(milliseconds) || milliseconds < 0 || milliseconds > 2_147_483_647) {
    throw new CommandError('BadValue', `${showValue(value)} value for maxTimeMS is out of range [0, 2147483647]`);
  }
  return milliseconds;
}

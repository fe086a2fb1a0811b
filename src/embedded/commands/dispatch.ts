import { decodeTyped, encode, rawField } from '../bson/codec.ts';
import { showValue } from '../catalog/show-value.ts';
import { CommandError } from '../errors.ts';
import type { Operation } from '../plan/operation.ts';
import { errorReply, isExpected } from '../server/reply.ts';
import type { Request } from '../server/request.ts';
import { sessionFieldsOf, sessionIdOf, type Session, type SessionFields } from '../transactions/sessions.ts';
import type { Transaction } from '../transactions/transaction.ts';
import type { Command, CommandContext, Services } from './context.ts';
import type { Failure } from './fail-points.ts';
import { COMMANDS, IN_TRANSACTION } from './table.ts';

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
    checkDatabase(request.database);
    const context = this.#contextOf(request, operation);
    if (context.transaction !== undefined) return this.#runInTransaction(command, context, context.transaction);
    return command(context);
  }

  #contextOf(request: Request, operation: Operation): CommandContext {
    const { body } = request;
    if (request.name !== 'getMore') operation.limitTo(maxTimeOf(body.maxTimeMS));
    const id = sessionIdOf(body.lsid);
    const session = id === undefined ? undefined : this.#services.sessions.use(id);
    const fields = sessionFieldsOf(body);
    const transaction = session && this.#transactionOf(session, fields, request.name);
    const txnNumber = session === undefined || fields.isTransaction ? undefined : fields.txnNumber;
    return { services: this.#services, request, body, operation, session, txnNumber, transaction };
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
    if (failure.blockMs > 0) await new Promise((resolve) => setTimeout(resolve, failure.blockMs));
    if (failure.closeConnection) request.connection.destroy();
    if (failure.error !== undefined) throw failure.error;
    const reply = await this.#run(request, operation);
    return failure.writeConcernError === undefined
      ? reply
      : encode({ ...decodeTyped(reply), writeConcernError: failure.writeConcernError });
  }

  #refuse(request: Request, error: unknown): Buffer {
    if (!isExpected(error)) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#log('error', 'A command failed unexpectedly', { command: request.name, reason });
    }
    return errorReply(error);
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

function checkDatabase(name: string): void {
  if (name === '' || name.length > 63 || /[/\\. "$\0]/.test(name)) {
    throw new CommandError('InvalidNamespace', `Invalid database name: '${name}'`);
  }
}

function maxTimeOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  const milliseconds = Number(value);
  if (Number.isNaN(milliseconds) || milliseconds < 0 || milliseconds > 2_147_483_647) {
    throw new CommandError('BadValue', `${showValue(value)} value for maxTimeMS is out of range [0, 2147483647]`);
  }
  return milliseconds;
}

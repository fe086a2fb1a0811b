import { randomUUID } from 'node:crypto';
import { Binary } from 'bson';
import { CommandError } from '../errors.ts';
import { okReply } from '../server/reply.ts';
import { sessionFieldsOf, sessionIdOf } from '../transactions/sessions.ts';
import type { Transaction } from '../transactions/transaction.ts';
import { missingField, read, requireAdmin, wrongType } from './arguments.ts';
import type { Command, CommandContext, Services } from './context.ts';

/** As hello says it, in minutes. */
const TIMEOUT_MINUTES = 30;

const UUID_SUBTYPE = 4;

const startSession: Command = () => {
  const id = new Binary(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), UUID_SUBTYPE);
  return okReply({ id: { id }, timeoutMinutes: TIMEOUT_MINUTES });
};

const endSessions: Command = (context) => {
  end(context.services, sessionIds(context));
  return okReply();
};

const refreshSessions: Command = ({ services, ...context }) => {
  for (const id of sessionIds(context)) services.sessions.use(id);
  return okReply();
};

/** Without a session named, all of them end; but not the command's own, which would end the command with it. */
const killSessions: Command = ({ services, session, operation, ...context }) => {
  const named = sessionIds(context);
  const all = [...services.sessions.all()].map(({ id }) => id).filter((id) => id !== session?.id);
  const ids = new Set(named.length > 0 ? named : all);
  services.operations.killWhere((running) => {
    const id = sessionIdOf(running.request.body.lsid);
    return running.operation !== operation && id !== undefined && ids.has(id);
  });
  end(services, ids);
  return okReply();
};

/** Of users and roles the server knows none, so that every pattern means everybody. */
const killAllSessions: Command = (context) =>
  killSessions({ ...context, body: { ...context.body, [context.request.name]: [] } });

/** In one commit with the changes: repeated after a crash it is answered, where the driver would run the transaction once more. */
function noteCommit({ services, session, body }: CommandContext): void {
  const { txnNumber } = sessionFieldsOf(body);
  if (session === undefined || txnNumber === undefined) return;
  services.retryable.save(session.id, txnNumber, { done: 1, result: { committed: true } });
}

const commitTransaction: Command = async (context) => {
  const { transaction, services } = context;
  const open = requireTransaction(context, transaction);
  if (open.state === 'open') {
    open.commit();
    noteCommit(context);
  }
  await services.writer.committed();
  return okReply();
};

const abortTransaction: Command = (context) => {
  requireTransaction(context, context.transaction).abort();
  return okReply();
};

function requireTransaction(context: CommandContext, transaction: Transaction | undefined): Transaction {
  requireAdmin(context);
  if (transaction !== undefined) return transaction;
  throw new CommandError('CommandFailed', `${context.request.name} must be run within a transaction`);
}

function end(services: Services, ids: Iterable<string>): void {
  const ended = new Set(ids);
  services.cursors.killWhere(({ sessionId }) => sessionId !== undefined && ended.has(sessionId));
  services.sessions.end(ended);
}

function sessionIds({ request, body }: Pick<CommandContext, 'body' | 'request'>): string[] {
  const path = `${request.name}.${request.name}`;
  const given = read(body[request.name], 'array', path);
  if (given === undefined) throw missingField(path);
  return given.map((lsid, position) => {
    const id = sessionIdOf(lsid);
    if (id === undefined) throw wrongType(`${path}.${String(position)}`, lsid, 'object');
    return id;
  });
}

/** The server knows no users, so that nobody's password is right. */
const refuseCredentials: Command = () => {
  throw new CommandError('AuthenticationFailed', 'Authentication failed.');
};

export const sessionCommands: Readonly<Record<string, Command>> = {
  startSession,
  endSessions,
  refreshSessions,
  killSessions,
  killAllSessions,
  killAllSessionsByPattern: killAllSessions,
  commitTransaction,
  abortTransaction,
  saslStart: refuseCredentials,
  saslContinue: refuseCredentials,
  authenticate: refuseCredentials,
};

import { hostname } from 'node:os';
import { Long } from 'bson';
import type { Document } from '../bson/codec.ts';
import { compileMatcher } from '../query/matcher.ts';
import { numberOf } from '../query/value-types.ts';
import { okReply } from '../server/reply.ts';
import { missingField, requireAdmin, wrongType } from './arguments.ts';
import type { Command, Services } from './context.ts';
import type { RunningOperation } from './operations.ts';

/** Members of the command that are no conditions on what it shows. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'currentOp',
  '$all',
  '$ownOps',
  '$db',
  '$truncateOps',
  'lsid',
  'comment',
  'maxTimeMS',
  '$clusterTime',
  '$readPreference',
]);

const KINDS: Readonly<Record<string, string>> = {
  find: 'query',
  insert: 'insert',
  update: 'update',
  delete: 'remove',
  getMore: 'getmore',
};

/** The commands that are running, as `currentOp` and `$currentOp` show them. */
export function currentOperations({ operations }: Pick<Services, 'operations'>): Document[] {
  const host = hostname();
  return [...operations.all()].map((running) => shown(running, host));
}

function shown({ operation, request }: RunningOperation, host: string): Document {
  const { connection, name, body, database } = request;
  const collection = body[name];
  const client = connection.client;
  const application = client?.application as { name?: string } | undefined;
  const elapsedMs = performance.now() - operation.startedAt;
  return {
    type: 'op',
    host,
    desc: `conn${String(connection.id)}`,
    connectionId: connection.id,
    client: connection.remoteAddress,
    ...(application?.name === undefined ? {} : { appName: application.name }),
    ...(client === undefined ? {} : { clientMetadata: client }),
    active: true,
    currentOpTime: new Date().toISOString(),
    ...(body.lsid === undefined ? {} : { lsid: body.lsid }),
    opid: operation.id,
    secs_running: Long.fromNumber(Math.floor(elapsedMs / 1_000)),
    microsecs_running: Long.fromNumber(Math.round(elapsedMs * 1_000)),
    op: KINDS[name] ?? 'command',
    ns: typeof collection === 'string' ? `${database}.${collection}` : `${database}.$cmd`,
    command: body,
    numYields: 0,
    waitingForLock: false,
  };
}

const currentOp: Command = (context) => {
  requireAdmin(context);
  const { services, body } = context;
  const conditions = Object.fromEntries(Object.entries(body).filter(([name]) => !OWN_FIELDS.has(name)));
  const matcher = compileMatcher(conditions);
  return okReply({ inprog: currentOperations(services).filter((operation) => matcher.test(operation)) });
};

/** Answers before the operation has stopped, and also where there is none, as MongoDB does. */
const killOp: Command = (context) => {
  requireAdmin(context);
  const { services, body } = context;
  if (body.op === undefined) throw missingField('killOp.op');
  const id = numberOf(body.op);
  if (id === undefined) throw wrongType('killOp.op', body.op, '[long, int, decimal, double]');
  services.operations.kill(id);
  return okReply({ info: 'attempting to kill op' });
};

export const operationCommands: Readonly<Record<string, Command>> = { currentOp, killOp };

import { hostname } from 'node:os';
import { Binary, Long } from 'bson';
import type { Document } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import { compileDocuments } from '../aggregate/foreign.ts';
import type { StageContext } from '../aggregate/stage.ts';
import { CommandError } from '../errors.ts';
import { isObject, numberOf } from '../query/value-types.ts';
import { collectionStats } from './collection-stats.ts';
import type { CommandContext } from './context.ts';
import { currentOperations } from './current-op.ts';

/** Documents that a first stage brings itself. */
type Origin = (argument: unknown, command: CommandContext, namespace: string, stage: StageContext) => Document[];

function requireAdmin(name: string, { request, body }: CommandContext): void {
  if (request.database === 'admin' && body.aggregate === 1) return;
  throw new CommandError('InvalidNamespace', `${name} must be run against the 'admin' database with {aggregate: 1}`);
}

function optionsOf(name: string, argument: unknown, code: number): Document {
  if (isObject(argument)) return argument;
  throw new CommandError(code, `${name} must take a nested object but found: ${name}: ${String(argument)}`);
}

function existing({ services }: CommandContext, namespace: string): Collection | undefined {
  const collection = services.catalog.get(namespace);
  if (collection?.isView === true) {
    throw new CommandError('CommandNotSupportedOnView', `Namespace ${namespace} is a view, not a collection`);
  }
  return collection;
}

const collStats: Origin = (argument, command, namespace) => {
  const options = optionsOf('$collStats', argument, 5447000);
  const collection = existing(command, namespace);
  const missing = (): CommandError =>
    new CommandError(
      'NamespaceNotFound',
      `Unable to retrieve storageStats in $collStats stage :: caused by :: Collection [${namespace}] not found.`,
    );
  const result: Document = { ns: namespace, host: hostname(), localTime: new Date() };
  for (const [name, value] of Object.entries(options)) {
    const part = COLLECTION_STATISTICS[name];
    if (part === undefined) throw new CommandError(40415, `BSON field '$collStats.${name}' is an unknown field.`);
    if (collection === undefined && name !== 'latencyStats') throw missing();
    result[name] = part(value, command, collection);
  }
  return [result];
};

type Statistic = (value: unknown, command: CommandContext, collection: Collection | undefined) => unknown;

const COLLECTION_STATISTICS: Readonly<Record<string, Statistic>> = {
  count: (_value, _command, collection) => collection?.size.documents ?? 0,
  latencyStats: () => {
    const none = { latency: Long.ZERO, ops: Long.ZERO, queryableEncryptionLatencyMicros: Long.ZERO };
    return { reads: none, writes: none, commands: none, transactions: none };
  },
  queryExecStats: () => ({ collectionScans: { total: Long.ZERO, nonTailable: Long.ZERO } }),
  storageStats: (value, { services }, collection) => {
    const scale = isObject(value) ? (numberOf(value.scale) ?? 1) : 1;
    return collectionStats(services, collection, Math.max(1, Math.floor(scale)));
  },
};

const indexStats: Origin = (argument, command, namespace) => {
  const options = optionsOf('$indexStats', argument, 28803);
  if (Object.keys(options).length > 0) {
    throw new CommandError(28803, 'The $indexStats stage specification must be an empty object');
  }
  const { host, port } = command.services.address;
  return (existing(command, namespace)?.indexes ?? []).map(({ name, spec, usage }) => ({
    name,
    key: spec.key,
    host: `${host}:${String(port)}`,
    accesses: { ops: Long.fromNumber(usage.operations), since: usage.since },
    spec,
  }));
};

const currentOp: Origin = (argument, command) => {
  optionsOf('$currentOp', argument, 9);
  requireAdmin('$currentOp', command);
  return currentOperations(command.services);
};

const sessions =
  (name: string): Origin =>
  (argument, { services }) => {
    optionsOf(name, argument, 9);
    return [...services.sessions.all()].map(({ id, lastUsedAt }) => ({
      _id: { id: sessionBinary(id), uid: Binary.createFromBase64('', 0) },
      lastUse: new Date(lastUsedAt),
    }));
  };

function sessionBinary(id: string): unknown {
  return /^[0-9a-f]{32}$/i.test(id) ? new Binary(Buffer.from(id, 'hex'), 4) : id;
}

/** First stages by name; what follows works on their documents. */
export const ORIGINS: Readonly<Record<string, Origin>> = {
  $collStats: collStats,
  $currentOp: currentOp,
  $documents: (argument, _command, _namespace, stage) => compileDocuments(argument, stage)(),
  $indexStats: indexStats,
  $listLocalSessions: sessions('$listLocalSessions'),
  $listSessions: sessions('$listSessions'),
  $planCacheStats: () => [],
};

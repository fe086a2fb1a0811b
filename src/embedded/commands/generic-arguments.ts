import { Timestamp } from 'bson';
import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { clusterTime } from '../server/cluster-time.ts';
import type { Request } from '../server/request.ts';
import { isObject } from '../query/value-types.ts';
import { wrongType } from './arguments.ts';
import { checkFields } from './known-fields.ts';
import { checkApi } from './stable-api.ts';

/** Checks what any command may carry: its database, the stable API, the time of the cluster, its concerns. */
export function checkGeneric(request: Request): void {
  const { body, database } = request;
  checkDatabase(database);
  checkFields(request);
  if (body.apiVersion !== undefined || body.apiStrict !== undefined) checkApi(request);
  if (body.$clusterTime !== undefined) clusterTime.witness(timeOf(body.$clusterTime));
  if (body.readConcern !== undefined) checkReadConcern(request);
  if (body.writeConcern !== undefined) checkWriteConcern(request);
}

function checkDatabase(name: string): void {
  if (name === '' || name.length > 63 || /[/\\. "$\0]/.test(name)) {
    throw new CommandError('InvalidNamespace', `Invalid database name: '${name}'`);
  }
}

function timeOf(given: unknown): Timestamp {
  if (!isObject(given)) throw wrongType('$clusterTime', given, 'object');
  if (given.clusterTime instanceof Timestamp) return given.clusterTime;
  throw wrongType('$clusterTime.clusterTime', given.clusterTime, 'timestamp');
}

const READ_LEVELS: ReadonlySet<unknown> = new Set([
  undefined,
  'local',
  'available',
  'majority',
  'linearizable',
  'snapshot',
]);

function checkReadConcern({ name, body }: Request): void {
  const { readConcern } = body;
  if (!isObject(readConcern)) throw wrongType(`${name}.readConcern`, readConcern, 'object');
  const { level, afterClusterTime } = readConcern;
  if (!READ_LEVELS.has(level)) {
    throw new CommandError(
      'BadValue',
      `Enumeration value '${String(level)}' for field 'readConcern.level' is not a valid value.`,
    );
  }
  if (afterClusterTime !== undefined && !(afterClusterTime instanceof Timestamp)) {
    throw wrongType('readConcern.afterClusterTime', afterClusterTime, 'timestamp');
  }
  if (body.autocommit === false && body.startTransaction !== true) {
    throw new CommandError('InvalidOptions', 'Only the first command in a transaction may specify a readConcern');
  }
}

function checkWriteConcern({ name, body }: Request): void {
  const { writeConcern } = body;
  if (!isObject(writeConcern)) throw wrongType(`${name}.writeConcern`, writeConcern, 'object');
  if (body.autocommit === false && name !== 'commitTransaction' && name !== 'abortTransaction') {
    throw new CommandError('InvalidOptions', 'writeConcern is not allowed within a multi-statement transaction');
  }
}

/** What a write with this concern is told beside its result: one node acknowledges no more than for itself. */
export function unsatisfiedConcern({ writeConcern }: Document): Document | undefined {
  if (!isObject(writeConcern)) return undefined;
  const { w, wtimeout = 0 } = writeConcern;
  const errInfo = { writeConcern: { w, wtimeout, provenance: 'clientSupplied' } };
  if (typeof w === 'number' && w > 1) {
    return { code: 100, codeName: 'UnsatisfiableWriteConcern', errmsg: 'Not enough data-bearing nodes', errInfo };
  }
  if (typeof w !== 'string' || w === 'majority') return undefined;
  const errmsg = `No write concern mode named '${w}' found in replica set configuration`;
  return { code: 79, codeName: 'UnknownReplWriteConcern', errmsg, errInfo };
}

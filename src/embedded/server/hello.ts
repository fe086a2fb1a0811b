import { Long, Timestamp } from 'bson';
import type { Document } from '../bson/codec.ts';
import { COMPRESSORS } from './compression.ts';
import { MAX_MESSAGE_BYTES } from './wire.ts';
import type { Request } from './request.ts';

/** The name of the replica set of one that the server presents itself as. */
export const DEFAULT_SET_NAME = 'embedded';

/** MongoDB 7.0's. */
const MAX_WIRE_VERSION = 21;

export interface HelloOptions {
  /** Where the server listens: drivers that discover the set connect to this. */
  readonly host: string;
  readonly port: number;
  readonly setName?: string;
  readonly request: Pick<Request, 'name' | 'body' | 'connection'>;
  /** When the last write was made, by default now: a set of one never lags. */
  readonly lastWrite?: Date;
}

function agreedCompressors(offered: unknown): string[] {
  return Array.isArray(offered) ? COMPRESSORS.filter((name) => offered.includes(name)) : [];
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null;
}

/** Keeps what the client's hello tells of it, the first time: later ones are heartbeats. */
function introduce({ body, connection }: HelloOptions['request']): readonly string[] {
  const client: unknown = body.client;
  if (isDocument(client)) connection.client ??= client;
  if (body.compression !== undefined) connection.compressors = agreedCompressors(body.compression);
  return connection.compressors;
}

/**
 * The members of hello's reply, `ok` not among them: a replica set of one, this server its primary. It has no
 * `topologyVersion`, so that drivers poll instead of waiting for a stream of hellos, and no `electionId`.
 */
export function helloReply({ host, port, setName, request, lastWrite = new Date() }: HelloOptions): Document {
  const me = host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
  const compression = introduce(request);
  const seconds = Math.floor(lastWrite.getTime() / 1000);
  const opTime = { ts: new Timestamp({ t: seconds, i: 1 }), t: Long.ONE };
  return {
    ...(request.body.helloOk === true ? { helloOk: true } : {}),
    hosts: [me],
    setName: setName ?? DEFAULT_SET_NAME,
    setVersion: 1,
    [request.name === 'hello' ? 'isWritablePrimary' : 'ismaster']: true,
    secondary: false,
    primary: me,
    me,
    lastWrite: { opTime, lastWriteDate: lastWrite, majorityOpTime: opTime, majorityWriteDate: lastWrite },
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: request.connection.id,
    minWireVersion: 0,
    maxWireVersion: MAX_WIRE_VERSION,
    readOnly: false,
    ...(compression.length > 0 ? { compression } : {}),
    ...(request.body.saslSupportedMechs === undefined ? {} : { saslSupportedMechs: [] }),
  };
}

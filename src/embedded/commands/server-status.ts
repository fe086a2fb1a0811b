import { hostname } from 'node:os';
import { Long } from 'bson';
import type { Document } from '../bson/codec.ts';
import { okReply } from '../server/reply.ts';
import type { Command, Services } from './context.ts';
import { VERSION } from './version.ts';

const MEBIBYTE = 1_048_576;

/** Counters of `opcounters` and the commands that they count. */
const COUNTED: Readonly<Record<string, readonly string[]>> = {
  insert: ['insert'],
  query: ['find'],
  update: ['update'],
  delete: ['delete'],
  getmore: ['getMore'],
};

export const serverStatus: Command = ({ services }) => {
  const upMs = Date.now() - services.startedAt.getTime();
  return okReply({
    host: `${hostname()}:${String(services.address.port)}`,
    version: VERSION,
    process: 'mongod',
    service: [],
    pid: Long.fromNumber(process.pid),
    uptime: upMs / 1_000,
    uptimeMillis: Long.fromNumber(upMs),
    uptimeEstimate: Long.fromNumber(Math.floor(upMs / 1_000)),
    localTime: new Date(),
    asserts: { regular: 0, warning: 0, msg: 0, user: 0, rollovers: 0 },
    connections: connections(services),
    globalLock: {
      totalTime: Long.fromNumber(upMs * 1_000),
      currentQueue: NO_QUEUE,
      activeClients: activeClients(services),
    },
    logicalSessionRecordCache: { activeSessionsCount: [...services.sessions.all()].length },
    network: { bytesIn: Long.ZERO, bytesOut: Long.ZERO, numRequests: Long.fromNumber(total(services)) },
    opcounters: opcounters(services),
    mem: memory(),
    storageEngine: {
      name: 'lmdb',
      supportsCommittedReads: true,
      oldestRequiredTimestampForCrashRecovery: null,
      supportsPendingDrops: true,
      dropPendingIdents: 0,
      supportsSnapshotReadConcern: true,
      readOnly: false,
      persistent: services.dataDir !== undefined,
      backupCursorOpen: false,
    },
    transactions: transactions(services),
    metrics: { commands: commandCounts(services), cursor: { timedOut: Long.ZERO, open: openCursors(services) } },
  });
};

const NO_QUEUE: Document = { total: 0, readers: 0, writers: 0 };

function connections({ connections: count, operations }: Services): Document {
  return { current: count(), available: 65_536 - count(), totalCreated: count(), active: [...operations.all()].length };
}

function activeClients({ operations }: Services): Document {
  return { total: [...operations.all()].length, readers: 0, writers: 0 };
}

function total({ operations }: Services): number {
  return [...operations.counts.values()].reduce((sum, count) => sum + count, 0);
}

function opcounters(services: Services): Document {
  const { counts } = services.operations;
  const counted = Object.entries(COUNTED).map(
    ([name, commands]) => [name, commands.reduce((sum, command) => sum + (counts.get(command) ?? 0), 0)] as const,
  );
  const command = total(services) - counted.reduce((sum, [, count]) => sum + count, 0);
  return Object.fromEntries(
    [...counted, ['command', command] as const].map(([name, count]) => [name, Long.fromNumber(count)]),
  );
}

function memory(): Document {
  const { rss } = process.memoryUsage();
  return { bits: 64, resident: Math.round(rss / MEBIBYTE), virtual: Math.round(rss / MEBIBYTE), supported: true };
}

function transactions({ sessions }: Services): Document {
  const open = [...sessions.all()].filter(({ transaction }) => transaction?.body.state === 'open').length;
  return { currentActive: Long.fromNumber(open), currentOpen: Long.fromNumber(open), currentInactive: Long.ZERO };
}

function commandCounts({ operations }: Services): Document {
  const entries = [...operations.counts].map(([name, count]) => [
    name,
    { failed: Long.ZERO, total: Long.fromNumber(count) },
  ]);
  return Object.fromEntries(entries) as Document;
}

function openCursors({ cursors }: Services): Document {
  return { noTimeout: Long.ZERO, pinned: Long.ZERO, total: Long.fromNumber(cursors.size) };
}

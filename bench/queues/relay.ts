import { databaseSettings } from '../../src/config/database.ts';
import { Database } from '../../src/platform/database/connection.ts';
import { changeIndexes, planIndexes } from '../../src/platform/database/indexes.ts';
import { asSystem } from '../../src/platform/database/scoped.ts';
import { createLogger } from '../../src/platform/observability/logger.ts';
import { outbox, type OutboxRow } from '../../src/platform/outbox/event.store.ts';
import { OutboxRelay } from '../../src/platform/outbox/relay.ts';
import { newId } from '../../src/shared/ids.ts';
import { atLeast, figure, type Figure } from '../report.ts';
import { queueService, requestOf } from './no-op.ts';
import type { Servers } from './servers.ts';

const RUNS = 5;
const EVENTS = 5_000;
const CHUNK = 1_000;

const system = asSystem('bench');

/** From events in the database to jobs in Redis, one relay, one job an event. */
export async function measureRelay({ mongoUri, redisUrl }: Servers): Promise<Figure[]> {
  const logger = createLogger({ level: 'silent', service: 'bench' });
  const settings = databaseSettings({ uri: mongoUri, name: 'bench_relay', maxPoolSize: 10, minPoolSize: 0 });
  const database = new Database(settings, { logger });
  await database.connect();
  const { db } = database.primary;
  if (db === undefined) throw new Error('The database is not connected');
  await changeIndexes(db, (await planIndexes(db, [outbox])).changes);
  const events = outbox.on(database.primary);
  const service = await queueService(redisUrl, 'relay');
  let jobs = 0;
  const relay = new OutboxRelay({
    events,
    subscriptions: { 'bench.happened': { jobs: () => [requestOf(jobs++)], tags: () => [] } },
    enqueue: (requests) => service.enqueue(requests),
    invalidate: () => Promise.resolve(),
    logger,
    now: () => new Date(),
  });
  const runs: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    for (let first = 0; first < EVENTS; first += CHUNK) {
      const rows = Array.from({ length: CHUNK }, () => ({ insertOne: { document: row() } }));
      await events.bulkWrite(rows, system);
    }
    const startedAt = performance.now();
    while ((await relay.relayBatch()) > 0);
    if (run > 0) runs.push((EVENTS / (performance.now() - startedAt)) * 1_000);
  }
  await service.close();
  await database.close();
  return [figure('outbox relay, one process', 'jobs/s', runs, atLeast(1_500))];
}

function row(): OutboxRow {
  const occurredAt = new Date();
  return {
    _id: newId(),
    type: 'bench.happened',
    version: 1,
    scope: { kind: 'system', reason: 'bench' },
    aggregateId: newId(),
    data: {},
    occurredAt,
    traceparent: null,
    state: 'pending',
    dueAt: occurredAt,
    lease: null,
    enqueued: false,
    failures: 0,
    cause: null,
    doneAt: null,
  };
}

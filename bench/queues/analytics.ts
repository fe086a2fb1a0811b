import { databaseSettings } from '../../src/config/database.ts';
import { rollups, rollupState, trackedEvents, trends } from '../../src/features/analytics/analytics.model.ts';
import { analyticsCollections } from '../../src/features/analytics/collections.ts';
import { analyticsJobs } from '../../src/features/analytics/jobs.ts';
import { EventStore } from '../../src/features/analytics/event.store.ts';
import { Rollups } from '../../src/features/analytics/rollups.ts';
import { Database } from '../../src/platform/database/connection.ts';
import { changeIndexes, planIndexes } from '../../src/platform/database/indexes.ts';
import { mongoTransact } from '../../src/platform/database/transaction.ts';
import { createLogger } from '../../src/platform/observability/logger.ts';
import type { AnalyticsEvent } from '../../src/platform/queue/outlets.ts';
import { Id, newId } from '../../src/shared/ids.ts';
import { HOUR_MS } from '../../src/shared/time.ts';
import { atLeast, figure, type Figure } from '../report.ts';

const RUNS = 5;
const EVENTS = 20_000;
/** As many as `trackAnalytics` puts into a job. */
const BATCH = 500;
const STORES = 20;
const PRODUCTS = 50;

/** From batches of events, as a job brings them, to rows of hours, days and trends, by one worker. */
export async function measureAnalytics({ mongoUri }: { readonly mongoUri: string }): Promise<Figure[]> {
  const logger = createLogger({ level: 'silent', service: 'bench' });
  const settings = databaseSettings({ uri: mongoUri, name: 'bench_analytics', maxPoolSize: 10, minPoolSize: 0 });
  const database = new Database(settings, { logger });
  await database.connect();
  const { primary } = database;
  if (primary.db === undefined) throw new Error('The database is not connected');
  await changeIndexes(primary.db, (await planIndexes(primary.db, analyticsCollections)).changes);
  const [events, state] = [trackedEvents.on(primary), rollupState.on(primary)];
  const store = new EventStore({
    events,
    state,
    transact: mongoTransact(primary, () => Promise.resolve()),
    findTimeZones: (ids) => Promise.resolve(new Map(ids.map((id) => [Id.encode(id), 'Europe/Berlin']))),
  });
  const rolling = new Rollups({
    events,
    connectLong: () => Promise.resolve(events),
    state,
    rollups: rollups.on(primary),
    trends: trends.on(primary),
    now: () => new Date(),
  });
  const [ingest] = analyticsJobs({ store, rollups: rolling, orders: { findView: () => Promise.resolve(undefined) } });
  const { signal } = new AbortController();
  const shops = Array.from({ length: STORES }, () => ({
    id: newId(),
    products: Array.from({ length: PRODUCTS }, newId),
  }));
  const runs: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    const batches = Array.from({ length: EVENTS / BATCH }, () => Array.from({ length: BATCH }, () => viewIn(shops)));
    const startedAt = performance.now();
    for (const events of batches) await ingest?.handle({ events }, signal);
    await rolling.roll();
    if (run > 0) runs.push((EVENTS / (performance.now() - startedAt)) * 1_000);
  }
  await database.close();
  return [figure('analytics events into rollups, one worker', 'events/s', runs, atLeast(5_000))];
}

interface Shop {
  readonly id: Id;
  readonly products: readonly Id[];
}

/** Somebody's look at some product within the last three hours. */
function viewIn(shops: readonly Shop[]): AnalyticsEvent {
  const shop = one(shops);
  const occurredAt = new Date(Date.now() - Math.random() * 3 * HOUR_MS);
  return { id: newId(), type: 'product.viewed', merchantId: shop.id, subjectId: one(shop.products), occurredAt };
}

function one<T>(among: readonly T[]): T {
  const picked = among[Math.floor(Math.random() * among.length)];
  if (picked === undefined) throw new RangeError('There is nothing to pick from');
  return picked;
}

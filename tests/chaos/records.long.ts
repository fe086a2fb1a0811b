import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import type { VariableOverrides } from '../../src/config/index.ts';
import { rollups, trackedEvents } from '../../src/features/analytics/analytics.model.ts';
import { merchants } from '../../src/features/merchants/merchant.model.ts';
import { asSystem } from '../../src/platform/database/scoped.ts';
import { ingestAnalytics } from '../../src/platform/queue/analytics.jobs.ts';
import { requestJob } from '../../src/platform/queue/job.ts';
import type { AnalyticsEvent } from '../../src/platform/queue/outlets.ts';
import { newId, type Id } from '../../src/shared/ids.ts';
import { eventually } from '../environment/index.ts';
import { newStore } from '../reports.ts';
import { startTwilioServer, type TwilioServer } from '../twilio-server.ts';
import { rowOfChance } from './chance.ts';
import { inRounds } from './rounds.ts';
import { killUntilDone, withWork } from './work.ts';

jest.setTimeout(400_000);

const JOBS = 2_000;
const AT_ONCE = 50;

const chance = rowOfChance();
const work = withWork(() => 'smtp://127.0.0.1:1');
const system = asSystem('test');

let twilio: TwilioServer;
beforeAll(async () => {
  twilio = await startTwilioServer();
});
afterAll(() => twilio.close());

/** Kills workers of a kind until nothing is left, `everyMs` apart on average. @returns how many */
const killWhileWorking = (kind: string, everyMs: number, extra: VariableOverrides = {}): Promise<number> =>
  killUntilDone(
    () => work.run('workers/main.ts', [kind], extra),
    everyMs,
    async () => {
      // What still waits in the outbox is left as well.
      await work.container.relay().relayBatch();
      return (await work.left(kind)) === 0 && (await work.replayKilledTwice(kind)) === 0;
    },
  );

/** What was asked for is in the queue, every piece of it. */
async function relayAll(): Promise<void> {
  while ((await work.container.relay().relayBatch()) > 0);
}

const numbers = Array.from({ length: JOBS }, (_each, index) => index);
const chunks = Array.from({ length: JOBS / AT_ONCE }, (_each, index) =>
  numbers.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
);

inRounds(
  'F1: workers killed at random amid 2,000 entries of the audit log: chains without gaps, and verified',
  600_000,
  async () => {
    const owners = [newId(), newId(), newId()];
    const transact = work.container.transact();
    for (const chunk of chunks)
      await transact(system, async (access) => {
        for (const n of chunk) await writeEntry(ownerOf(owners, n), { context: system, access });
      });
    await relayAll();
    const kills = await killWhileWorking('audit', 1_500);
    const chains = new Map<string, number>();
    for await (const { chain, entries, fault } of work.container.auditVerifier().verifyAll()) {
      expect(fault).toBeUndefined();
      chains.set(chain, entries);
    }
    const found = owners.map((id) => chains.get(`merchant:${id.toHexString()}`) ?? 0);
    expect(found).toEqual(owners.map((id) => numbers.filter((n) => ownerOf(owners, n) === id).length));
    expect(kills).toBeGreaterThan(0);
  },
);

const ownerOf = (owners: readonly Id[], n: number): Id => owners[n % owners.length] ?? newId();

type Within = Parameters<ReturnType<typeof work.container.queue>['audit']>[1];

async function writeEntry(merchantId: Id, within: Within): Promise<void> {
  const actor = { kind: 'user', id: newId() } as const;
  const record = { action: 'product.changed', actor, scope: { kind: 'merchant', merchantId }, result: 'done' } as const;
  await work.container.queue().audit(record, within);
}

inRounds(
  'F1: workers killed at random amid 2,000 batches of events: rollups equal a plain recount',
  600_000,
  async () => {
    const merchantId = newId();
    await merchants.on(work.database.primary).create([newStore(merchantId)], system);
    const batches = numbers.map(() => [anEvent(merchantId), anEvent(merchantId)]);
    const queue = work.container.queue();
    await eventually(async () => (await work.left('analytics')) >= 0);
    for (const chunk of chunks)
      await queue.enqueue(
        chunk.map((n) => {
          // Every tenth brings what another one has brought as well.
          const again = n % 10 === 9 ? (batches[n - 1] ?? []) : [];
          return requestJob(ingestAnalytics, { events: [...(batches[n] ?? []), ...again] });
        }),
      );
    const kills = await killWhileWorking('analytics', 4_000);
    await work.container.rollups().roll();
    const { primary } = work.database;
    const kept = await trackedEvents
      .on(primary)
      .find({ merchantId, hour: { $gt: new Date(0) } }, null, system)
      .lean();
    expect(kept).toHaveLength(2 * JOBS);
    const rows = await rollups.on(primary).find({ merchantId, unit: 'hour', subjectId: null }, null, system).lean();
    const counted = Object.fromEntries(rows.map(({ slot, count, value }) => [slot, { count, value }]));
    expect(counted).toEqual(recount(batches.flat()));
    expect(kills).toBeGreaterThan(0);
  },
);

/** As plain as it can be: hour by hour, one event after the other. */
function recount(events: readonly AnalyticsEvent[]): Record<string, { count: number; value: number }> {
  const sums: Record<string, { count: number; value: number }> = {};
  for (const { occurredAt, value = 0 } of events) {
    const sum = (sums[`${occurredAt.toISOString().slice(0, 13)}:00Z`] ??= { count: 0, value: 0 });
    sum.count += 1;
    sum.value += value;
  }
  return sums;
}

function anEvent(merchantId: Id): AnalyticsEvent {
  const occurredAt = new Date(Date.now() - Math.floor(chance() * 48 * 3_600_000));
  return { id: newId(), type: 'order.placed', merchantId, value: Math.floor(chance() * 1_000), occurredAt };
}

inRounds(
  'F1: workers killed at random amid 2,000 text messages: each is taken once by a server that speaks as Twilio',
  600_000,
  async () => {
    const before = twilio.taken.length;
    const queue = work.container.queue();
    const first = 20_000_000 + Math.floor(chance() * 10_000_000);
    const transact = work.container.transact();
    for (const chunk of chunks)
      await transact(system, async (access) => {
        for (const n of chunk)
          await queue.sendSMS(
            { to: `+49151${String(first + n)}`, text: `Code ${String(n)}` },
            { context: system, access },
          );
      });
    await relayAll();
    const kills = await killWhileWorking('sms', 4_000, {
      SMS_PROVIDER: 'twilio',
      TWILIO_BASE_URL: twilio.url,
      TWILIO_ACCOUNT_SID: 'AC0',
      TWILIO_AUTH_TOKEN: 'secret',
      TWILIO_FROM: '+4930901820',
      SMS_PER_SECOND: '1000',
      SMS_PER_PLATFORM_DAY: '10000000',
    });
    // It lists what it has taken at once: whose answer was lost with its worker is found there, and not sent again.
    const taken = twilio.taken.slice(before).map(({ to }) => to);
    expect(new Set(taken).size).toBe(JOBS);
    expect(taken).toHaveLength(JOBS);
    expect(kills).toBeGreaterThan(0);
  },
);

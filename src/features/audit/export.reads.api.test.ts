import { beforeAll, expect, test } from '@jest/globals';
import { BSON } from 'mongodb';
import { withDatabase } from '../../../tests/environment/index.ts';
import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { newId } from '../../shared/ids.ts';
import { auditEntries, type AuditEntry } from './audit.model.ts';
import type { AuditFilter } from './audit.reads.ts';
import type { ChainedEntry } from './chain-walk.ts';
import { ExportReads } from './export.reads.ts';

const database = withDatabase({ collections: [auditEntries] });
const system = asSystem('test');

const COUNT = 3_000;
const BATCH = 40;
const merchantId = newId();
const [actorId, everybody] = [newId(), newId()];
const start = Date.parse('2026-03-01T00:00:00Z');
const at = (index: number): Date => new Date(start + index * 1_000);

const isOf = (index: number): boolean => index % 100 < 3;

/** In each batch the last written is the first chained. */
const placeOf = (index: number): number => index - (index % BATCH) + BATCH - (index % BATCH);

const entryOf = (index: number): AuditEntry => ({
  _id: newId(),
  merchantId,
  action: isOf(index) ? 'product.changed' : 'order.cancelled',
  actor: { kind: 'user', id: isOf(index) ? actorId : everybody },
  reason: null,
  target: { kind: 'product', id: isOf(index) ? 'mug' : 'cup' },
  before: null,
  after: { index },
  address: null,
  requestId: null,
  result: 'done',
  occurredAt: at(index),
  seq: placeOf(index),
  previousHash: '',
  hash: '',
});

beforeAll(async () => {
  const rows = Array.from({ length: COUNT }, (_, index) => entryOf(index));
  // Not chained yet: in no export.
  rows.push({ ...entryOf(COUNT), _id: newId(), actor: { kind: 'user', id: actorId }, seq: null });
  await auditEntries.on(database.primary).bulkWrite(
    rows.map((document) => ({ insertOne: { document } })),
    system,
  );
});

interface Explained {
  readonly executionStats: Buffer;
}

/** What is read of an export, and how many entries the database looks at for it. */
async function exported(read: (reads: ExportReads) => AsyncIterable<readonly ChainedEntry[]>) {
  const model = auditEntries.on(database.primary);
  const queries: ReturnType<typeof model.find>[] = [];
  const noting = {
    find: (...asked: Parameters<typeof model.find>) => {
      const query = model.find(...asked);
      queries.push(query);
      return query;
    },
  };
  const places: number[] = [];
  for await (const page of read(new ExportReads(noting as unknown as ScopedModel<AuditEntry>))) {
    places.push(...page.map(({ seq }) => seq));
  }
  let examined = 0;
  for (const query of queries) {
    // Models read documents of documents as bytes, and decode them by their schema.
    const { executionStats } = (await query.clone().explain('executionStats')) as unknown as Explained;
    examined += Number(BSON.deserialize(executionStats).totalDocsExamined);
  }
  return { places, examined };
}

const indexes = Array.from({ length: COUNT }, (_, index) => index);
const sorted = (wanted: readonly number[]) => wanted.map(placeOf).sort((one, other) => one - other);

test.each<[string, AuditFilter]>([
  ['an actor', { actorId }],
  ['a target', { targetId: 'mug' }],
  ['an action', { action: 'product.changed' }],
  ['an actor since a moment', { actorId, from: at(1_500) }],
])('what is found of %s is in the order of the chain, and no other entries are looked at', async (_of, question) => {
  const { places, examined } = await exported((reads) => reads.findAnswers(merchantId, question, system));
  const since = question.from === undefined ? 0 : 1_500;
  const wanted = sorted(indexes.filter((index) => isOf(index) && index >= since));
  expect(places).toEqual(wanted);
  // And the one that is not chained.
  expect(examined).toBeLessThanOrEqual(wanted.length + 1);
});

test.each<[string, AuditFilter, number, number]>([
  ['since a late moment', { from: at(2_900) }, 2_900, COUNT],
  ['until an early one', { until: at(110) }, 0, 110],
  ['between two moments', { from: at(1_500), until: at(1_510) }, 1_500, 1_510],
])(
  'the run of a time %s holds all of it without gaps, and is found without the rest',
  async (_of, time, from, until) => {
    const { places, examined } = await exported((reads) => reads.findRun(merchantId, time, system));
    const first = places[0] ?? 0;
    expect(places).toEqual(places.map((_place, index) => first + index));
    expect(places).toEqual(expect.arrayContaining(sorted(indexes.slice(from, until))));
    expect(places.length).toBeLessThanOrEqual(until - from + 2 * BATCH);
    // Once for the ends and once for the run.
    expect(examined).toBeLessThanOrEqual(3 * (until - from) + 2 * BATCH + 1);
  },
);

test('the run of all time is the whole chain, and that of a time in which nothing was is empty', async () => {
  const whole = await exported((reads) => reads.findRun(merchantId, {}, system));
  expect(whole.places).toEqual(indexes.map((index) => index + 1));
  expect((await exported((reads) => reads.findRun(merchantId, { from: at(COUNT + 10) }, system))).places).toEqual([]);
  expect((await exported((reads) => reads.findRun(merchantId, { until: at(0) }, system))).places).toEqual([]);
});

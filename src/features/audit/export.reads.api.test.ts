import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BSON } from 'mongodb';
import { withDatabase } from '../../../tests/environment/index.ts';
import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { newId, type Id } from '../../shared/ids.ts';
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

async function write(rows: readonly AuditEntry[]): Promise<void> {
  await auditEntries.on(database.primary).bulkWrite(
    rows.map((document) => ({ insertOne: { document } })),
    system,
  );
}

beforeAll(async () => {
  const rows = Array.from({ length: COUNT }, (_, index) => entryOf(index));
  // Not chained yet: in no export.
  rows.push({ ...entryOf(COUNT), actor: { kind: 'user', id: actorId }, seq: null });
  await write(rows);
});

interface Explained {
  readonly executionStats: Buffer;
}

/** What is read of an export, and how many entries the database looks at for it. */
async function exported(read: (reads: ExportReads) => AsyncIterable<readonly ChainedEntry[]>) {
  const model = auditEntries.on(database.primary);
  const queries: ReturnType<typeof model.find | typeof model.findOne>[] = [];
  const noting = {
    find: (...asked: Parameters<typeof model.find>) => {
      const query = model.find(...asked);
      queries.push(query);
      return query;
    },
    findOne: (...asked: Parameters<typeof model.findOne>) => {
      const query = model.findOne(...asked);
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
  // Once for their places and once for themselves; and the head of the chain, and the one that is not chained.
  expect(examined).toBeLessThanOrEqual(2 * wanted.length + 2);
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

/** A chain of entries, each written at a moment of its own clock. */
async function chainOf(times: readonly Date[]): Promise<Id> {
  const owner = newId();
  const one = { ...entryOf(0), merchantId: owner };
  await write(times.map((occurredAt, index) => ({ ...one, _id: newId(), occurredAt, seq: index + 1 })));
  return owner;
}

const run = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

test('the run of a time holds what an instance wrote whose clock was an hour behind for five minutes', async () => {
  const isBehind = (index: number) => index % 2 === 1 && index >= 4_000 && index < 4_300;
  const owner = await chainOf(Array.from({ length: 4_400 }, (_, index) => at(isBehind(index) ? index - 3_600 : index)));
  const { places } = await exported((reads) => reads.findRun(owner, { until: at(1_800) }, system));
  expect(places).toEqual(run(1, 4_300));
});

test('what is found of a busy store of two clocks that are 3 s apart is in the order of the chain', async () => {
  const owner = await chainOf(
    Array.from({ length: 3_000 }, (_, index) => new Date(start + index * 2.5 - (index % 2) * 3_000)),
  );
  const { places } = await exported((reads) => reads.findAnswers(owner, { targetId: 'mug' }, system));
  expect(places).toEqual(run(1, 3_000));
});

test('what is chained while an export runs is in the next one', async () => {
  const owner = await chainOf([at(1), at(2)]);
  const found: number[] = [];
  for await (const page of new ExportReads(auditEntries.on(database.primary)).findAnswers(
    owner,
    { targetId: 'mug' },
    system,
  )) {
    if (page.length === 0) await write([{ ...entryOf(0), merchantId: owner, seq: 3 }]);
    found.push(...page.map(({ seq }) => seq));
  }
  expect(found).toEqual([1, 2]);
  const next = await exported((reads) => reads.findAnswers(owner, { targetId: 'mug' }, system));
  expect(next.places).toEqual([1, 2, 3]);
});

/** So small that a few entries are many pages, and more than one round. */
const SMALL = { page: 3, placesPage: 4, places: 6 };
const moment = fc.integer({ min: 0, max: 40 }).map(at);
const written = fc.record({ occurredAt: moment, isMug: fc.boolean(), claims: fc.constantFrom(0, 0, 0, 0, 1) });
const time = fc.record({ from: fc.option(moment, { nil: undefined }), until: fc.option(moment, { nil: undefined }) });

test('whatever the clocks say, an export is what a look at every entry finds, in the order of the chain', async () => {
  const property = fc.asyncProperty(fc.array(written, { maxLength: 40 }), time, async (chain, { from, until }) => {
    const owner = newId();
    let last = 0;
    const rows = chain.map(({ occurredAt, isMug, claims }) => {
      // Two may claim one place, after somebody has inserted one.
      last = Math.max(1, last + 1 - claims);
      const target = { kind: 'product', id: isMug ? 'mug' : 'cup' };
      return { ...entryOf(0), merchantId: owner, occurredAt, target, seq: last };
    });
    await write(rows);
    const asked = { ...(from !== undefined && { from }), ...(until !== undefined && { until }) };
    const isOfTime = ({ occurredAt }: AuditEntry) =>
      (from === undefined || occurredAt >= from) && (until === undefined || occurredAt < until);
    const ofTime = rows.filter(isOfTime).map(({ seq }) => seq);
    const reads = new ExportReads(auditEntries.on(database.primary), SMALL);
    const placesIn = async (pages: AsyncIterable<readonly ChainedEntry[]>) => {
      const places: number[] = [];
      for await (const page of pages) places.push(...page.map(({ seq }) => seq));
      return places;
    };
    const [first, end] = [Math.min(...ofTime), Math.max(...ofTime)];
    expect(await placesIn(reads.findRun(owner, asked, system))).toEqual(
      rows.map(({ seq }) => seq).filter((seq) => seq >= first && seq <= end),
    );
    expect(await placesIn(reads.findAnswers(owner, { ...asked, targetId: 'mug' }, system))).toEqual(
      rows.filter((row) => row.target.id === 'mug' && isOfTime(row)).map(({ seq }) => seq),
    );
  });
  await fc.assert(property, { numRuns: 20 });
});

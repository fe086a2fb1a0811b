import { beforeAll, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import { nativeDb, silent, withDatabase } from '../../../tests/environment/index.ts';
import { asSystem, type Access } from '../../platform/database/scoped.ts';
import { mongoTransact, type Transact } from '../../platform/database/transaction.ts';
import { eventAppender, outbox } from '../../platform/outbox/event.store.ts';
import type { AuditRecord } from '../../platform/queue/outlets.ts';
import { Id, newId } from '../../shared/ids.ts';
import { AuditChainer } from './audit.chainer.ts';
import { auditSubscriptions } from './audit.events.ts';
import { auditOutlet, AuditLog, recordChanges } from './audit.log.ts';
import { auditChains, auditEntries, chainName, type AuditEntry, type ChainOwner } from './audit.model.ts';
import { AuditRetention } from './audit.retention.ts';
import { AuditVerifier, type ExportedAnchor } from './audit.verifier.ts';
import { ChainReads } from './chain.reads.ts';
import { auditCollections } from './collections.ts';
import { hashOf } from './link.ts';
import { Seals } from './seals.ts';

const database = withDatabase({
  collections: [...auditCollections, outbox],
  unindexed: [{ collection: 'outbox', operation: 'find', reason: 'only tests look at all events' }],
});
const system = asSystem('test');
const seals = new Seals('a secret of the tests, long enough to seal');
const now = () => new Date();
const never = new AbortController().signal;
const entries = () => auditEntries.on(database.primary);
const chains = () => auditChains.on(database.primary);
const stored = () => ({ entries: entries(), chains: chains() });
const raw = () => nativeDb(database.primary).collection<AuditEntry>('audit_entries');
const rawChains = () => nativeDb(database.primary).collection<{ _id: string }>('audit_chains');

let transact: Transact;
let log: AuditLog;
let reads: ChainReads;
beforeAll(() => {
  transact = mongoTransact(database.primary, () => Promise.resolve());
  log = new AuditLog({ entries: entries(), now });
  reads = new ChainReads(entries(), chains());
});
const chainer = () => new AuditChainer({ entries: entries(), chains: chains(), transact, seals, now });
const chain = (entryId: Id | undefined, merchantId: Id) => chainer().chain(entryId ?? newId(), merchantId, never);
const idOf = (entry: AuditEntry | undefined): string => entry?._id.toHexString() ?? '';
const verifier = () => new AuditVerifier({ reads, seals });

const record = (merchantId: Id | null, more: Partial<AuditRecord> = {}): AuditRecord => ({
  action: 'product.changed',
  actor: { kind: 'user', id: newId() },
  scope: merchantId === null ? system.scope : { kind: 'merchant', merchantId },
  target: { kind: 'product', id: '1' },
  before: { price: 1 },
  after: { price: 2 },
  result: 'done',
  ...more,
});

/** Writes entries, each with its event. @returns their ids */
async function written(merchantId: Id | null, count: number): Promise<Id[]> {
  const ids: Id[] = [];
  await transact(system, async (access) => {
    ids.length = 0;
    for (let each = 0; each < count; each += 1) ids.push((await log.write(record(merchantId), access)).aggregateId);
  });
  return ids;
}

/** A chain of so many entries, as workers would have made it. */
async function chainOf(count: number): Promise<{ merchantId: Id; name: string }> {
  const merchantId = newId();
  const at = Date.now();
  const template: Omit<AuditEntry, '_id' | 'after' | 'occurredAt'> = {
    merchantId,
    action: 'product.changed',
    actor: { kind: 'user', id: newId() },
    reason: null,
    target: { kind: 'product', id: '1' },
    before: null,
    address: null,
    requestId: null,
    result: 'done',
    seq: null,
    previousHash: null,
    hash: null,
  };
  // The counter in new ids begins anew at times: then the last one made would not be the greatest.
  const ids = Array.from({ length: count }, newId).sort((a, b) => (a.toHexString() < b.toHexString() ? -1 : 1));
  const rows = ids.map((_id, index) => ({
    insertOne: { document: { ...template, _id, after: { index }, occurredAt: new Date(at + index) } },
  }));
  await entries().bulkWrite(rows, system);
  const last = ids.at(-1);
  if (last !== undefined) await chainer().chain(last, merchantId, never);
  return { merchantId, name: chainName(merchantId) };
}

async function faultOf(name: string) {
  const found = await reads.findChain(name, system);
  if (found === undefined) throw new Error('There is no such chain');
  return (await verifier().verify(found)).fault;
}

test('a change in a transaction that fails leaves no entry, and one that succeeds leaves one with its event', async () => {
  const merchantId = newId();
  const append = eventAppender({
    events: outbox.on(database.primary),
    now,
    committed: () => undefined,
    record: recordChanges(log),
  });
  const context = {
    scope: { kind: 'merchant', merchantId },
    actor: { kind: 'user', id: newId() },
    address: '10.0.0.1',
    requestId: 'request-1',
  } as const;
  const change = (fails: boolean) =>
    transact(context, async (access) => {
      const event = { type: 'product.changed', version: 1, aggregateId: newId(), data: {} };
      const target = { kind: 'product', id: event.aggregateId };
      await append(context, event, access, { target, before: { email: 'ann@example.test' }, after: { price: 3 } });
      if (fails) throw new RangeError('no');
    });
  await expect(change(true)).rejects.toThrow(RangeError);
  await change(false);
  const found = await entries().find({ merchantId }, null, system).lean<AuditEntry[]>();
  expect(found).toMatchObject([
    {
      action: 'product.changed',
      actor: { kind: 'user' },
      address: '10.0.0.1',
      requestId: 'request-1',
      before: { email: 'a***@example.test' },
      after: { price: 3 },
      result: 'done',
      seq: null,
    },
  ]);
  const events = await outbox.on(database.primary).find({}, null, system).lean();
  expect(events.map(({ type }) => type)).toEqual(['product.changed', 'audit.recorded']);
  const [job] = auditSubscriptions['audit.recorded'].jobs(events[1] as never);
  expect(job).toMatchObject({ contract: { queue: 'audit' }, payload: { entryId: idOf(found[0]) } });
});

test('the queue service’s outlet writes an entry by itself', async () => {
  const append = eventAppender({ events: outbox.on(database.primary), now, committed: () => undefined });
  const id = await auditOutlet(log, transact, append)(record(null, { action: 'alone' }));
  expect(await entries().exists({ _id: id, action: 'alone', merchantId: null }).setOptions(system)).not.toBeNull();
});

test('eight workers at the jobs of 60 entries, each twice, give each entry one place and leave none out', async () => {
  const merchantId = newId();
  const ids = (await Promise.all([written(merchantId, 30), written(merchantId, 30)])).flat();
  const jobs = [...ids, ...ids];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      // What did not get through is asked for again, as the queue does.
      for (let job = jobs.pop(); job !== undefined; job = jobs.pop())
        await chainer()
          .chain(job, merchantId, never)
          .catch(() => jobs.unshift(job));
    }),
  );
  const found = await entries().find({ merchantId }, { seq: 1 }, system).lean<{ seq: number }[]>();
  expect(found.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 60 }, (_, index) => index + 1),
  );
  expect(await faultOf(chainName(merchantId))).toBeUndefined();
});

test('of 10,000 entries one that is changed, removed or inserted is found, and named', async () => {
  const { merchantId, name } = await chainOf(10_000);
  expect(await faultOf(name)).toBeUndefined();
  const original = await raw().findOne({ merchantId, seq: 6_543 });
  if (original === null) throw new Error('There is no such entry');
  const entryId = original._id.toHexString();

  await raw().updateOne({ _id: original._id }, { $set: { 'after.index': 1 } });
  expect(await faultOf(name)).toEqual({ chain: name, seq: 6_543, entryId, what: 'was changed' });

  // Changed, and its hash made anew.
  const forged = { ...original, after: { index: 1 } };
  await raw().replaceOne({ _id: original._id }, { ...forged, hash: hashOf(forged, forged as never) });
  expect(await faultOf(name)).toMatchObject({ seq: 6_543, entryId, what: expect.stringContaining('replaced') });

  await raw().deleteOne({ _id: original._id });
  expect(await faultOf(name)).toMatchObject({ seq: 6_543, entryId: undefined, what: 'is missing' });

  await raw().insertOne(original);
  expect(await faultOf(name)).toBeUndefined();
  const inserted = { ...original, _id: newId() };
  await raw().insertOne({ ...inserted, hash: hashOf(inserted, inserted as never) });
  expect(await faultOf(name)).toMatchObject({ seq: 6_543, entryId: inserted._id.toHexString() });
}, 120_000);

test('an entry put behind the last one, or before the first, is found', async () => {
  const { merchantId, name } = await chainOf(5);
  const last = await raw().findOne({ merchantId, seq: 5 });
  await raw().insertOne({ ...last, _id: new Types.ObjectId(), seq: 6 } as AuditEntry);
  expect(await faultOf(name)).toMatchObject({ seq: 6 });
  await raw().updateOne({ merchantId, seq: 6 }, { $set: { seq: 0.5 } });
  expect(await faultOf(name)).toMatchObject({ seq: 0.5 });
});

test('a tail that is cut off is found by the head; with the head turned back, by an anchor kept elsewhere', async () => {
  const { merchantId, name } = await chainOf(10);
  const early = await reads.findChain(name, system);
  const ids = await written(merchantId, 5);
  await chain(ids[0], merchantId);
  const { head } = (await reads.findChain(name, system)) ?? {};
  const anchor = { chain: name, ...head } as ExportedAnchor;
  expect(await verifier().verifyAnchor(anchor)).toBeUndefined();

  await raw().deleteMany({ merchantId, seq: { $gt: 10 } });
  expect(await faultOf(name)).toMatchObject({ seq: 11, what: expect.stringContaining('cut off') });
  // As who has kept an old backup could do.
  await rawChains().updateOne({ _id: name }, { $set: { head: early?.head } });
  expect(await faultOf(name)).toBeUndefined();
  expect(await verifier().verifyAnchor(anchor)).toMatchObject({ seq: 15, what: expect.stringContaining('cut off') });
  await rawChains().deleteOne({ _id: name });
  expect(await verifier().verifyAnchor(anchor)).toMatchObject({ what: expect.stringContaining('whole chain') });
  expect(await verifier().verifyAnchor({ ...anchor, seq: 9 })).toMatchObject({
    what: expect.stringContaining('sealed'),
  });
});

test('a head or a cut that the key has not sealed is found, and so is a chain without a head', async () => {
  const { merchantId, name } = await chainOf(3);
  const two = await raw().findOne({ merchantId, seq: 2 });
  const forged = new Seals('a key of somebody else').seal(name, 'head', { seq: 2, hash: two?.hash ?? '', at: now() });
  await raw().deleteOne({ merchantId, seq: 3 });
  await rawChains().updateOne({ _id: name }, { $set: { head: forged } });
  expect(await faultOf(name)).toMatchObject({ seq: 2, what: expect.stringContaining('not sealed') });
  await rawChains().deleteOne({ _id: name });
  const broken: string[] = [];
  for await (const verified of verifier().verifyAll()) if (verified.fault) broken.push(verified.chain);
  expect(broken).toContain(name);
});

const retentionOf = (keptMs: number, at: number) =>
  new AuditRetention({ ...stored(), reads, transact, seals, logger: silent, keptMs, now: () => new Date(at) });

test('retention removes the begin of a chain, and the rest still verifies', async () => {
  const { merchantId, name } = await chainOf(450);
  const third = await raw().findOne({ merchantId, seq: 301 });
  const cutAt = third?.occurredAt.getTime() ?? 0;
  const retention = retentionOf(1_000, cutAt + 1_000);
  await retention.removeOld(never);
  expect(await raw().countDocuments({ merchantId })).toBe(150);
  expect(await faultOf(name)).toBeUndefined();
  await retention.removeOld(never);
  expect(await raw().countDocuments({ merchantId })).toBe(150);
  await retentionOf(0, cutAt + 86_400_000).removeOld(never);
  expect(await raw().countDocuments({ merchantId })).toBe(0);
  expect(await faultOf(name)).toBeUndefined();
  const [more] = await written(merchantId, 1);
  await chain(more, merchantId);
  expect(await faultOf(name)).toBeUndefined();
  await raw().deleteMany({ merchantId });
  expect(await faultOf(name)).toMatchObject({ seq: 451 });
});

test('what retention removes while a chain is verified is not missing; what nobody has cut off is', async () => {
  /** Looks at entries a moment too late: each time retention has come before, up to the entry at the next place. */
  class Overtaken extends ChainReads {
    readonly cuts: number[];

    constructor(...cuts: number[]) {
      super(entries(), chains());
      this.cuts = cuts;
    }

    override async *entriesOf(owner: ChainOwner, access: Access) {
      await this.#overtake(owner);
      yield* super.entriesOf(owner, access);
    }

    override async findAt(owner: ChainOwner, seq: number, access: Access) {
      await this.#overtake(owner);
      return super.findAt(owner, seq, access);
    }

    async #overtake(merchantId: ChainOwner): Promise<void> {
      const seq = this.cuts.shift();
      const kept = seq === undefined ? null : await raw().findOne({ merchantId, seq });
      if (kept !== null) await retentionOf(0, kept.occurredAt.getTime()).removeOld(never);
    }
  }
  const meanwhile = (...cuts: number[]) => new AuditVerifier({ reads: new Overtaken(...cuts), seals });
  const { merchantId, name } = await chainOf(9);
  const seen = await reads.findChain(name, system);
  if (seen === undefined) throw new Error('There is no such chain');
  const fifth = await raw().findOne({ merchantId, seq: 5 });
  const anchor = seals.seal(name, 'head', { seq: 5, hash: fifth?.hash ?? '', at: now() });

  expect(await meanwhile(3, 5).verify(seen)).toMatchObject({ fault: undefined, entries: 5, anchor: { seq: 9 } });
  expect(await meanwhile(6).verifyAnchor({ chain: name, ...anchor })).toBeUndefined();
  await raw().deleteOne({ merchantId, seq: 8 });
  expect(await meanwhile(7).verify(seen)).toMatchObject({ fault: { seq: 8, what: 'is missing' } });
});

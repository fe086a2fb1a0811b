import { expect, test } from '@jest/globals';
import { nativeDb, silent, withDatabase } from '../../../tests/environment/index.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { mongoTransact } from '../../platform/database/transaction.ts';
import { newId, type Id } from '../../shared/ids.ts';
import { DAY_MS } from '../../shared/time.ts';
import { AuditChainer } from './audit.chainer.ts';
import { AuditLog } from './audit.log.ts';
import { auditChains, auditEntries, chainName, type AuditEntry } from './audit.model.ts';
import { AuditRetention } from './audit.retention.ts';
import { AuditVerifier } from './audit.verifier.ts';
import { ChainReads } from './chain.reads.ts';
import { auditCollections } from './collections.ts';
import { GENESIS, linkOf } from './link.ts';
import { Seals } from './seals.ts';

const database = withDatabase({ collections: auditCollections });
const system = asSystem('test');
const seals = new Seals('a secret of the tests, long enough to seal');
const never = new AbortController().signal;
const raw = () => nativeDb(database.primary).collection<AuditEntry>('audit_entries');

function parts() {
  const [entries, chains] = [auditEntries.on(database.primary), auditChains.on(database.primary)];
  const transact = mongoTransact(database.primary, () => Promise.resolve());
  return { entries, chains, transact, seals, reads: new ChainReads(entries, chains), now: () => new Date() };
}

async function chainOf(count: number, merchantId = newId()): Promise<Id> {
  const { entries, transact, ...rest } = parts();
  const log = new AuditLog({ entries, now: rest.now });
  const scope = { kind: 'merchant', merchantId } as const;
  const last = await transact(system, async (access) => {
    let id = newId();
    for (let each = 0; each < count; each += 1) {
      const record = {
        action: 'product.changed',
        actor: { kind: 'user', id: newId() },
        scope,
        result: 'done',
      } as const;
      id = (await log.write(record, access)).aggregateId;
    }
    return id;
  });
  await new AuditChainer({ entries, transact, ...rest }).chain(last, merchantId, never);
  return merchantId;
}

async function faultOf(merchantId: Id) {
  const { reads } = parts();
  const chain = await reads.findChain(chainName(merchantId), system);
  return chain && (await new AuditVerifier({ reads, seals }).verify(chain)).fault;
}

const removeOld = () => new AuditRetention({ ...parts(), logger: silent, keptMs: 365 * DAY_MS }).removeOld(never);

const asWritten = (entries: readonly AuditEntry[]): readonly AuditEntry[] => entries;

/** As who knows how a chain is made would forge the begin of one. */
function hashedAnew(entries: readonly AuditEntry[]): readonly AuditEntry[] {
  let previousHash = GENESIS;
  return entries.map((entry) => {
    const link = linkOf(entry, { seq: (entry.seq ?? 0) - 1, hash: previousHash });
    previousHash = link.hash;
    return { ...entry, ...link };
  });
}

test.each([
  ['some entries that were made to look old', 6, asWritten],
  ['all entries of a chain, made to look old', 10, asWritten],
  ['some that were made to look old, and hashed anew', 6, hashedAnew],
  ['all, hashed anew', 10, hashedAnew],
])('%s: retention removes none of them, hides nothing, and tells of it', async (_what, count, forged) => {
  const [merchantId, sound] = [await chainOf(10), await chainOf(3)];
  const first = await raw().find({ merchantId }).sort({ seq: 1 }).limit(count).toArray();
  const old = first.map((entry) => ({ ...entry, occurredAt: new Date('2020-01-01') }));
  for (const entry of forged(old)) await raw().replaceOne({ _id: entry._id }, entry);
  const fault = await faultOf(merchantId);
  expect(fault).toBeDefined();
  expect(await removeOld()).toEqual({ removed: 0, broken: 1 });
  expect(await faultOf(merchantId)).toEqual(fault);
  expect(await raw().countDocuments({ merchantId })).toBe(10);
  expect(await faultOf(sound)).toBeUndefined();
  await raw().deleteMany({ merchantId });
});

test('a begin that somebody has removed is not taken for one that retention has', async () => {
  const merchantId = await chainOf(6);
  await raw().deleteMany({ merchantId, seq: { $lte: 2 } });
  await raw().updateMany({ merchantId, seq: { $lte: 4 } }, { $set: { occurredAt: new Date('2020-01-01') } });
  expect((await removeOld()).removed).toBe(0);
  expect(await faultOf(merchantId)).toMatchObject({ seq: 1, what: 'is missing' });
});

test('a head that the key has not sealed stays on record in the chain when entries are chained behind it', async () => {
  const merchantId = await chainOf(5);
  const chains = nativeDb(database.primary).collection<{ _id: string }>('audit_chains');
  const _id = chainName(merchantId);
  const two = await raw().findOne({ merchantId, seq: 2 });
  await raw().deleteMany({ merchantId, seq: { $gt: 2 } });
  await chains.updateOne({ _id }, { $set: { 'head.seq': 2, 'head.hash': two?.hash } });
  expect(await faultOf(merchantId)).toMatchObject({ seq: 2, what: 'is a head that this key has not sealed' });
  await chainOf(2, merchantId);
  expect(await faultOf(merchantId)).toBeUndefined();
  const found = await raw().find({ merchantId }).sort({ seq: 1 }).toArray();
  expect(found.map(({ seq, action }) => [seq, action]).slice(2)).toEqual([
    [3, 'audit.head-not-sealed'],
    [4, 'product.changed'],
    [5, 'product.changed'],
  ]);
  expect(found[2]).toMatchObject({ result: 'failed', target: { kind: 'audit-chain', id: _id }, after: { seq: 2 } });
  await raw().deleteOne({ merchantId, seq: 3 });
  expect(await faultOf(merchantId)).toMatchObject({ seq: 3, what: 'is missing' });
});

import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditChainer } from '../src/features/audit/audit.chainer.ts';
import { AuditLog } from '../src/features/audit/audit.log.ts';
import { auditChains, auditEntries, type AuditEntry } from '../src/features/audit/audit.model.ts';
import { canonicalJson } from '../src/features/audit/canonical-json.ts';
import { auditCollections } from '../src/features/audit/collections.ts';
import { shownEntry } from '../src/features/audit/link.ts';
import { Seals } from '../src/features/audit/seals.ts';
import { asSystem } from '../src/platform/database/scoped.ts';
import { mongoTransact } from '../src/platform/database/transaction.ts';
import { newId, type Id } from '../src/shared/ids.ts';
import { startChild } from '../tests/child.ts';
import { nativeDb, withDatabase } from '../tests/environment/index.ts';

const database = withDatabase({ collections: auditCollections });
const system = asSystem('test');
const secret = 'q8Zr2mVx7LkP0sWn4TyB6dHj9FgCaE1u';

const verify = (...args: string[]) =>
  startChild('scripts/audit-verify.ts', args, {
    MONGODB_URI: database.uri,
    DB_NAME: database.name,
    AUDIT_SECRET: secret,
  }).ended;

/** Some take U+2028 for the end of a line, and JSON does not escape it. */
const TITLE = 'Mug\u2028blue';

async function chained(count: number, merchantId: Id | null = null): Promise<void> {
  const entries = auditEntries.on(database.primary);
  const transact = mongoTransact(database.primary, () => Promise.resolve());
  const log = new AuditLog({ entries, now: () => new Date() });
  const chainer = new AuditChainer({
    entries,
    chains: auditChains.on(database.primary),
    transact,
    seals: new Seals(secret),
    now: () => new Date(),
  });
  const scope = merchantId === null ? system.scope : ({ kind: 'merchant', merchantId } as const);
  for (let each = 0; each < count; each += 1) {
    const { aggregateId } = await transact(system, (access) =>
      log.write({ action: 'a', actor: { kind: 'anonymous' }, scope, after: { title: TITLE }, result: 'done' }, access),
    );
    await chainer.chain(aggregateId, merchantId, new AbortController().signal);
  }
}

test('a whole log is exported and exits with 0; what is changed or cut off afterwards is named, and exits with 1', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'audit-'));
  const anchors = join(directory, 'anchors.ndjson');
  const rows = nativeDb(database.primary).collection('audit_entries');
  const chains = nativeDb(database.primary).collection<{ _id: string }>('audit_chains');
  try {
    await chained(2);
    const early = await chains.findOne({ _id: 'platform' });
    await chained(2);
    const whole = await verify('--export', anchors);
    expect(whole).toMatchObject({ code: 0, errors: '', log: '4 entries in 1 chains, 0 of them broken\n' });

    await rows.updateOne({ merchantId: null, seq: 3 }, { $set: { action: 'b' } });
    const changed = await verify();
    expect(changed.code).toBe(1);
    expect(changed.log).toMatch(/^platform: entry 3 \([\da-f]{24}\) was changed\n/);

    await rows.deleteMany({ merchantId: null, seq: { $gt: 2 } });
    await chains.replaceOne({ _id: 'platform' }, { ...early });
    expect(await verify()).toMatchObject({ code: 0 });
    const cut = await verify('--anchors', anchors);
    expect(cut.code).toBe(1);
    expect(cut.log).toContain('platform: entry 4 is missing: the chain was cut off before it\n');

    await writeFile(anchors, 'nonsense\n');
    expect(await verify('--anchors', anchors)).toMatchObject({ code: 1, errors: expect.stringContaining('JSON') });
    for (const args of [['--nonsense'], ['--filtered'], ['--file', anchors, '--export', anchors]]) {
      expect(await verify(...args)).toMatchObject({ code: 1, log: '', errors: expect.stringContaining('Usage') });
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 120_000);

test('a secret that has sealed nothing, a database that is away and a file that is not there are told as what they are', async () => {
  await chained(1, newId());
  const run = (environment: Record<string, string>, ...args: string[]) =>
    startChild('scripts/audit-verify.ts', args, { DB_NAME: database.name, AUDIT_SECRET: '', ...environment }).ended;
  expect(await run({ MONGODB_URI: database.uri })).toMatchObject({
    code: 2,
    errors: '',
    log: expect.stringContaining('\nAUDIT_SECRET is not set, and the one of development has sealed none of the heads'),
  });
  expect(await run({ MONGODB_URI: 'mongodb://ann:canary@127.0.0.1:1/?serverSelectionTimeoutMS=100' })).toMatchObject({
    code: 1,
    errors: 'The database cannot be reached at mongodb://127.0.0.1:1/\n',
  });
  expect(await run({ MONGODB_URI: '' }, '--file', '/nope')).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/^ENOENT: no such file or directory, open '\/nope'\n$/),
  });
}, 120_000);

test('an exported file is verified without database and key; one that was made anew, or meets no anchor, is found', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'audit-'));
  const [file, anchors] = [join(directory, 'log.ndjson'), join(directory, 'anchors.ndjson')];
  const check = async (lines: readonly string[], ...more: string[]) => {
    await writeFile(file, lines.map((line) => `${line}\n`).join(''));
    return startChild('scripts/audit-verify.ts', ['--file', file, ...more], { MONGODB_URI: 'none', AUDIT_SECRET: '' })
      .ended;
  };
  try {
    const merchantId = newId();
    await chained(4, merchantId);
    await verify('--export', anchors);
    await appendFile(anchors, '\n');
    const rows = await auditEntries
      .on(database.primary)
      .find({ merchantId, seq: { $gt: 0 } }, null, system)
      .lean<AuditEntry[]>();
    const lines = rows.map((row) => JSON.stringify(shownEntry(row))) as [string, string, string, string];
    const [one, two, three, four] = lines;
    expect(one).toContain(TITLE);

    const whole = await check(lines, '--anchors', anchors);
    expect(whole).toMatchObject({ code: 0, errors: '', log: '4 entries, 0 of them broken, 0 gaps, 1 anchors met\n' });
    expect(await check([one, two, four], '--filtered')).toMatchObject({
      code: 0,
      log: expect.stringContaining(' 1 gaps'),
    });
    expect(await check([one, two, three], '--anchors', anchors)).toMatchObject({
      code: 1,
      log: expect.stringContaining(' 0 anchors met\nNo anchor is of an entry in it'),
    });
    const forged: Record<string, unknown> = { ...(JSON.parse(four) as object), action: 'b' };
    delete forged.hash;
    const anew = createHash('sha256').update(canonicalJson(forged)).digest('hex');
    const remade = [one, two, three, JSON.stringify({ ...forged, hash: anew })];
    expect(await check(remade, '--anchors', anchors)).toMatchObject({
      code: 1,
      log: expect.stringContaining('the anchor remembers another'),
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 120_000);

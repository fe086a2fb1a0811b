import { beforeAll, expect, test } from '@jest/globals';
import type request from 'supertest';
import { accountApp, employ, signUpAndIn, type AccountApp, type SignedIn } from '../../../tests/accounts.ts';
import { withDatabase } from '../../../tests/environment/index.ts';
import { collections } from '../../container/collections.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { mongoTransact } from '../../platform/database/transaction.ts';
import { Id } from '../../shared/ids.ts';
import { AuditChainer } from './audit.chainer.ts';
import { auditChains, auditEntries } from './audit.model.ts';
import { ExportWalk } from './export-walk.ts';
import { Seals } from './seals.ts';

const database = withDatabase({ collections });
let app: AccountApp;
let owner: SignedIn;
let support: SignedIn;
let store: string;

interface Entry {
  readonly id: string;
  readonly action: string;
  readonly actor: { readonly id: string };
  readonly target: { readonly id: string };
  readonly before: object | null;
  readonly occurredAt: string;
}
interface Answer {
  readonly data: readonly Entry[];
  readonly page: { readonly nextCursor: string | null };
}

const read = async (path: string, who: SignedIn): Promise<Answer> =>
  (await app.http().get(`/api${path}`).set('Authorization', who.authorization).expect(200)).body as Answer;
const actions = ({ data }: Answer) => data.map(({ action }) => action);

beforeAll(async () => {
  app = accountApp(database);
  owner = await signUpAndIn(app);
  support = await employ(app, database.primary, 'support');
  const post = (path: string) => app.http().post(`/api${path}`).set('Authorization', owner.authorization);
  const opened = await post('/merchants').send({ slug: 'accounted-for', name: 'Mugs' }).expect(201);
  store = (opened.body as { id: string }).id;
  for (const each of ['one', 'two']) {
    const invited = await post('/merchant/invitations').send({ email: `${each}@example.test`, role: 'staff' });
    const { id } = invited.body as { id: string };
    const path = `/api/merchant/invitations/${id}`;
    await app.http().delete(path).set('Authorization', owner.authorization).expect(204);
    app.clock.now = new Date(app.clock.now.getTime() + 1_000);
  }
});

test("a store's log shows who did what, newest first and by pages", async () => {
  const whole = await read('/merchant/audit', owner);
  expect(actions(whole)).toEqual([
    'merchant.invitation-withdrawn',
    'merchant.member-invited',
    'merchant.invitation-withdrawn',
    'merchant.member-invited',
    'merchant.opened',
  ]);
  expect(whole.data[0]).toMatchObject({ actor: { id: owner.id }, before: { email: 't***@example.test' } });
  const ids: string[] = [];
  let cursor = '';
  for (let pages = 0; pages < 3; pages += 1) {
    const { data, page } = await read(`/merchant/audit?limit=2${cursor}`, owner);
    ids.push(...data.map(({ id }) => id));
    cursor = `&cursor=${encodeURIComponent(page.nextCursor ?? '')}`;
  }
  expect(ids).toEqual(whole.data.map(({ id }) => id));
});

test('each filter narrows it, and several narrow it together', async () => {
  const { data } = await read('/merchant/audit', owner);
  const [last, , third] = data as [Entry, Entry, Entry];
  const query = async (filter: string) => actions(await read(`/merchant/audit?${filter}`, owner));
  expect(await query('action=merchant.member-invited')).toHaveLength(2);
  expect(await query(`targetId=${last.target.id}`)).toHaveLength(2);
  expect(await query(`targetId=${last.target.id}&action=merchant.member-invited`)).toHaveLength(1);
  expect(await query(`actorId=${owner.id}`)).toHaveLength(5);
  expect(await query(`actorId=${support.id}`)).toEqual([]);
  expect(await query(`from=${last.occurredAt}`)).toHaveLength(2);
  expect(await query(`until=${last.occurredAt}&from=${third.occurredAt}`)).toHaveLength(3);
});

test("support reads a store's log by its id, and the platform's without one", async () => {
  expect(actions(await read(`/admin/audit?merchantId=${store}&limit=1`, support))).toEqual([
    'merchant.invitation-withdrawn',
  ]);
  expect(actions(await read('/admin/audit?action=merchant.opened', support))).toEqual([]);
});

test('a cursor of another question, and one that was made up, are refused', async () => {
  const { page } = await read('/merchant/audit?limit=1', owner);
  for (const query of [`action=merchant.opened&cursor=${page.nextCursor ?? ''}`, 'cursor=AAAA']) {
    const asked = app.http().get(`/api/merchant/audit?${query}`).set('Authorization', owner.authorization);
    expect([query, (await asked).status]).toEqual([query, 400]);
  }
});

const download = (path: string, who: SignedIn) =>
  app.http().get(`/api${path}`).set('Authorization', who.authorization).buffer(true).parse(asText);
const linesOf = async (path: string, who = owner) => {
  const text = (await download(path, who).expect(200)).body as string;
  return text.split('\n').slice(0, -1);
};
const chain = async (merchantId: string | null) => {
  const entries = auditEntries.on(database.primary);
  const chains = auditChains.on(database.primary);
  const transact = mongoTransact(database.primary, () => Promise.resolve());
  const seals = new Seals('a secret of the tests, long enough to seal');
  const chainer = new AuditChainer({ entries, chains, transact, seals, now: () => new Date() });
  const ownerId = merchantId === null ? null : Id.decode(merchantId);
  const waiting = await entries.find({ merchantId: ownerId, seq: null }, { _id: 1 }, asSystem('test')).lean();
  for (const { _id } of waiting) await chainer.chain(_id, ownerId, AbortSignal.timeout(5_000));
};

test('an export holds every entry of its chain, in its order, each with what verifies it, and is written down itself', async () => {
  await chain(store);
  const before = await linesOf('/merchant/audit/export');
  const walk = new ExportWalk();
  expect(before.map((line) => walk.step(line))).toEqual(before.map(() => undefined));
  expect(before.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(before.map((_line, at) => at + 1));
  expect(walk).toMatchObject({ entries: before.length, gaps: 0 });
  expect(before.length).toBeGreaterThanOrEqual(5);

  await chain(store);
  const after = (await linesOf('/merchant/audit/export')).slice(before.length);
  expect(after.map((line) => JSON.parse(line) as object)).toMatchObject([
    { action: 'audit.exported', actor: { id: owner.id }, target: { kind: 'merchant', id: store } },
  ]);
});

test('an export of a time is the run of the chain that holds it; of an action, only that', async () => {
  const whole = await linesOf('/merchant/audit/export');
  const fourth = JSON.parse(whole[3] ?? '') as Entry;
  expect(await linesOf(`/merchant/audit/export?until=${fourth.occurredAt}`)).toEqual(whole.slice(0, 3));
  expect((await linesOf(`/merchant/audit/export?from=${fourth.occurredAt}`))[0]).toBe(whole[3]);
  const invited = await linesOf('/merchant/audit/export?action=merchant.member-invited');
  expect(invited).toEqual(whole.filter((line) => line.includes('"merchant.member-invited"')));
  expect(await linesOf('/merchant/audit/export?from=2100-01-01T00:00:00Z')).toEqual([]);
});

test('an export as CSV has one record an entry, and nothing in it is a formula', async () => {
  const answer = await download('/merchant/audit/export?format=csv', owner).expect(200);
  expect(answer.headers).toMatchObject({
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename=audit-merchant-${store}.csv`,
    'cache-control': 'no-store',
  });
  const [head, ...records] = (answer.body as string).trimEnd().split('\r\n');
  // Behind a byte order mark, of which there is one.
  expect(head).toMatch(/^\uFEFFseq,id,chain,occurredAt,action,/);
  expect(records.join('')).not.toContain('\uFEFF');
  expect(records[0]).toMatch(/^1,[\da-f]{24},merchant:[\da-f]{24},/);
  const none = await download('/merchant/audit/export?format=csv&from=2100-01-01T00:00:00Z', owner).expect(200);
  expect(none.body).toBe(`${head ?? ''}\r\n`);
});

test('an export is for the owner and for support, of a store or the platform; a stranger and an unknown field are refused', async () => {
  await chain(null);
  const stores = await linesOf(`/admin/audit/export?merchantId=${store}`, support);
  expect(stores).toEqual(await linesOf('/merchant/audit/export'));
  for (const line of await linesOf('/admin/audit/export', support)) expect(line).toContain('"chain":"platform"');
  await download('/merchant/audit/export', await signUpAndIn(app)).expect(403);
  await download('/merchant/audit/export?seq=1', owner).expect(422);
});

test('an export is packed for whoever takes that, and a HEAD tells its kind without it', async () => {
  const packed = await download('/merchant/audit/export', owner).set('Accept-Encoding', 'gzip').expect(200);
  expect(packed.headers['content-encoding']).toBe('gzip');
  expect((packed.body as string).split('\n').length).toBeGreaterThan(5);
  const head = await app.http().head('/api/merchant/audit/export').set('Authorization', owner.authorization);
  expect(head).toMatchObject({ status: 200, headers: { 'content-type': 'application/x-ndjson; charset=utf-8' } });
});

/** What is no JSON supertest keeps as bytes. */
function asText(response: request.Response, done: (error: Error | null, body: string) => void): void {
  const chunks: Buffer[] = [];
  // The message itself, by its type an answer.
  const message = response as unknown as NodeJS.ReadableStream;
  message.on('data', (chunk: Buffer | string) => chunks.push(Buffer.from(chunk)));
  message.on('end', () => {
    done(null, Buffer.concat(chunks).toString());
  });
}

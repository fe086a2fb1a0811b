import { beforeAll, expect, test } from '@jest/globals';
import { accountApp, employ, signUpAndIn, type AccountApp, type SignedIn } from '../../../tests/accounts.ts';
import { withDatabase } from '../../../tests/environment/index.ts';
import { collections } from '../../container/collections.ts';

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

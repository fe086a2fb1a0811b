import { beforeAll, expect, test } from '@jest/globals';
import { accountApp, signUpAndIn, type AccountApp, type SignedIn } from '../../../tests/accounts.ts';
import { withDatabase } from '../../../tests/environment/index.ts';
import { collections } from '../../container/collections.ts';

const database = withDatabase({ collections });
let app: AccountApp;
let owner: SignedIn;
beforeAll(async () => {
  app = accountApp(database);
  owner = await signUpAndIn(app);
  const store = { slug: 'first-screen', name: 'Mugs' };
  await app.http().post('/api/merchants').set('Authorization', owner.authorization).send(store).expect(201);
});

const read = async (path: string, who: SignedIn) =>
  (await app.http().get(`/api/prefetch/${path}`).set('Authorization', who.authorization).expect(200)).body as object;

test("a user's first screen shows the account, its stores and orders, in one call", async () => {
  expect(await read('bootstrap', owner)).toMatchObject({
    account: { data: { id: owner.id, email: owner.email } },
    stores: { data: { data: [{ slug: 'first-screen', role: 'owner' }] } },
    orders: { data: { data: [] } },
  });
  const stranger = await signUpAndIn(app);
  expect(await read('bootstrap', stranger)).toMatchObject({
    account: { data: { id: stranger.id } },
    stores: { data: { data: [] } },
  });
});

test("a merchant's first screen shows each section as the section's own endpoint does", async () => {
  const shown = await read('dashboard-data', owner);
  expect(Object.keys(shown).sort()).toEqual(['members', 'orders', 'products', 'sales', 'store']);
  const store = await app.http().get('/api/merchant').set('Authorization', owner.authorization).expect(200);
  expect(shown).toMatchObject({
    store: { data: store.body as object },
    members: { data: { data: [{ role: 'owner' }] } },
  });
});

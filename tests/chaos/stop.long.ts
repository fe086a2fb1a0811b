import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Caller } from '../caller.ts';
import { eventually } from '../environment/index.ts';
import { startPlatform, type TestPlatform } from '../platform.ts';

jest.setTimeout(60_000);

const REQUESTS = 100;

let platform: TestPlatform;
let buyer: Caller;
let merchantId: string;

beforeAll(async () => {
  platform = await startPlatform();
  const seller = new Caller(platform.url);
  buyer = new Caller(platform.url);
  await seller.signUp('seller@stop.example', 'Sam Seller');
  await buyer.signUp('buyer@stop.example', 'Bea Buyer');
  merchantId = String((await seller.post('/merchants', { slug: 'stop-mugs', name: 'Stop Mugs' })).id);
  const variants = [{ sku: 'MUG', title: 'Blue', price: { amount: 1_250, currency: 'EUR' } }];
  await seller.post('/merchant/products', { title: 'Blue mug', category: 'mugs', status: 'active', variants });
  const locationId = String((await seller.post('/merchant/locations', { name: 'Shelf' })).id);
  await seller.put(`/merchant/locations/${locationId}/stock/MUG`, { available: REQUESTS });
}, 90_000);
afterAll(() => platform.stop());

const subjects = async () =>
  (await platform.mails()).map(({ subject }) => subject).filter((subject) => subject.startsWith('Your order'));

test('F8: told to stop with 100 requests running, the API says that it is not ready, answers them all and ends with 0', async () => {
  const body = { merchantId, lines: [{ sku: 'MUG', quantity: 1 }] };
  // One after the other they get the same stock: most of them are still waiting when the first is answered.
  const running = Array.from({ length: REQUESTS }, () => buyer.ask('POST', '/orders', body));
  await Promise.race(running);
  platform.api.kill('SIGTERM');
  const unready = eventually(async () => {
    const { ready, draining } = await platform.health();
    return draining && !ready;
  });
  await eventually(async () => (await subjects()).length > 0);
  platform.worker.kill('SIGTERM');
  const answers = await Promise.all(running);
  const bodies = await Promise.all(answers.map(async (answer) => (await answer.json()) as { state?: string }));
  await unready;
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(REQUESTS);
  expect(bodies.filter(({ state }) => state === 'pending')).toHaveLength(REQUESTS);
  expect((await platform.api.ended).code).toBe(0);
});

test('F8: told to stop in the middle of the mails, a worker finishes those at hand and ends with 0; another does the rest, none twice', async () => {
  expect((await platform.worker.ended).code).toBe(0);
  await platform.startAgain();
  await eventually(async () => (await subjects()).length >= REQUESTS, 30_000);
  await eventually(async () => {
    const { queue } = (await platform.health()).checks;
    const { email } = (queue?.details ?? {}) as Partial<
      Record<'email', Record<'active' | 'delayed' | 'waiting', number>>
    >;
    return email !== undefined && email.waiting + email.active + email.delayed === 0;
  });
  const sent = await subjects();
  expect(sent).toHaveLength(REQUESTS);
  expect(new Set(sent).size).toBe(REQUESTS);
});

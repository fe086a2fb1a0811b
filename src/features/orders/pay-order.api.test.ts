import { beforeEach, expect, test } from '@jest/globals';
import { asSystem } from '../../platform/database/scoped.ts';
import { Id } from '../../shared/ids.ts';
import { putOnSale, withShop } from '../../../tests/shop.ts';
import { paymentJobs } from './jobs.ts';
import { orderCollection } from './order.model.ts';
import type { OrderView } from './order.schema.ts';
import { TestPayments } from './test-payments.ts';

/** Notes what is moved, once per reference, as a provider would. */
class Till extends TestPayments {
  readonly taken = new Set<string>();
  readonly back = new Set<string>();
  /** What happens between the taking of money and the moving of the order. */
  meanwhile: () => Promise<unknown> = () => Promise.resolve();

  override async capture(reference = ''): Promise<void> {
    this.taken.add(reference);
    await this.meanwhile();
  }

  override refund(reference = ''): Promise<void> {
    this.back.add(reference);
    return Promise.resolve();
  }
}

const till = new Till();
const shop = withShop(till);
beforeEach(() => {
  till.taken.clear();
  till.back.clear();
  till.meanwhile = () => Promise.resolve();
});

async function ordered() {
  const [merchant, user] = [shop.merchant(), shop.user()];
  await putOnSale(merchant, { mug: 5 });
  const lines = [{ sku: 'mug', quantity: 1 }];
  const { id } = (await user.post('/api/orders', { merchantId: merchant.id, lines }).expect(201)).body as OrderView;
  const pay = (token: string) => user.post(`/api/orders/${id}/payments`, { token });
  const cancel = () => user.post(`/api/orders/${id}/cancellation`);
  return { id, merchant, pay, cancel, order: () => user.get(`/api/orders/${id}`).expect(200) };
}

test.each([
  ['tok_declined', 'card-declined'],
  ['tok_insufficient_funds', 'insufficient-funds'],
  ['tok_of_nobody', 'unknown-token'],
])('%s is declined with its reason, and the order can be paid otherwise', async (token, reason) => {
  const { pay } = await ordered();
  expect((await pay(token).expect(402)).body).toMatchObject({ code: 'payment-declined', reason });
  expect(till.taken.size).toBe(0);
  expect((await pay('tok_visa').expect(200)).body).toMatchObject({ state: 'paid', payment: 'captured' });
});

test('ten payments at once take the money of one', async () => {
  const { pay, order } = await ordered();
  const answers = await Promise.all(Array.from({ length: 10 }, () => pay('tok_visa')));
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(1);
  expect([till.taken.size, till.back.size]).toEqual([1, 0]);
  expect((await order()).body).toMatchObject({ state: 'paid' });
});

test('money for an order that was cancelled meanwhile goes back', async () => {
  const { pay, cancel, order } = await ordered();
  till.meanwhile = () => cancel().expect(200);
  expect((await pay('tok_visa').expect(409)).body).toMatchObject({ code: 'transition-refused', state: 'cancelled' });
  expect(till.back).toEqual(till.taken);
  expect((await order()).body).toMatchObject({ state: 'cancelled', payment: 'none' });
});

test('a paid order that is cancelled is refunded by its job, however often that runs', async () => {
  const { id, merchant, pay, cancel, order } = await ordered();
  await pay('tok_visa').expect(200);
  expect((await cancel().expect(200)).body).toMatchObject({ state: 'cancelled', payment: 'refund-due' });
  const [refund] = paymentJobs(shop.services.orders);
  const payload = { merchantId: Id.decode(merchant.id), orderId: Id.decode(id) };
  for (let run = 0; run < 2; run++) await refund?.handle(payload, AbortSignal.timeout(5_000));
  expect(till.back).toEqual(till.taken);
  expect((await order()).body).toMatchObject({ payment: 'refunded' });
  const stored = await orderCollection
    .on(shop.database.primary)
    .findOne({ _id: payload.orderId }, null, asSystem('test'));
  expect(stored?.payment?.reference).toBe([...till.taken][0]);
});

import { expect, test } from '@jest/globals';
import type { Endpoint } from '../src/platform/http/endpoint.ts';
import { reviewEndpoints } from '../src/platform/http/review.ts';
import { bodyOf, putOnSale, shopFeatures, withShop, type Caller } from './shop.ts';

const shop = withShop();
const endpoints = () => shopFeatures(shop.services).flatMap((feature) => feature.endpoints);

/** A call of any endpoint, by somebody of the scope that it asks for. */
function call({ method, permission }: Endpoint, path: string, body: unknown) {
  const callers: Readonly<Record<string, () => Caller>> = {
    merchant: () => shop.merchant(),
    user: () => shop.user(),
    system: () => shop.admin(),
  };
  const caller = callers[permission.scope]?.();
  if (caller === undefined) return shop.anybody().get(path);
  if (method === 'get' || method === 'delete') return caller.get(path);
  return caller[method](path, body as object);
}

const filled = (path: string, values: Readonly<Record<string, string>>): string =>
  `/api${path.replaceAll(/:(\w+)/g, (_all, name: string) => values[name] ?? 'x')}`;

test('the shop’s endpoints keep the rules of all endpoints and are documented', async () => {
  expect(reviewEndpoints(shopFeatures(shop.services))).toEqual([]);
  const document = (await bodyOf(shop.anybody().get('/openapi.json').expect(200))) as { paths: object };
  const documented = JSON.stringify(document.paths);
  for (const { operationId } of endpoints()) expect(documented).toContain(`"operationId":"${operationId}"`);
});

test('every endpoint answers a path that cannot be one, and a body of another kind, with 4xx', async () => {
  for (const endpoint of endpoints()) {
    const { path, input } = endpoint;
    if (path.includes(':')) {
      const { status } = await call(endpoint, filled(path, { slug: 'No Slug', sku: '$gt', number: '1' }), {});
      expect([path, status]).toEqual([path, 422]);
    }
    if (input.shape.body === undefined) continue;
    const ids = Object.fromEntries(['productId', 'orderId', 'locationId'].map((name) => [name, '0'.repeat(24)]));
    for (const wrong of [{}, { $where: '1' }, { unknown: 1 }, []]) {
      const { status } = await call(endpoint, filled(path, { ...ids, sku: 'a' }), wrong);
      expect([path, status]).toEqual([path, 422]);
    }
  }
});

test("every endpoint with an id answers 404 or an empty list to another's, and shows nothing of it", async () => {
  const [merchant, user] = [shop.merchant(), shop.user()];
  const { locationId, product } = await putOnSale(merchant, { canary: 5 });
  const lines = [{ sku: 'canary', quantity: 1 }];
  const order = await user.post('/api/orders', { merchantId: merchant.id, lines }).expect(201);
  const { id: orderId, number } = order.body as { id: string; number: string };
  const bodies: Readonly<Record<string, object>> = {
    updateProduct: { title: 'Mine' },
    setStock: { available: 0 },
    adjustStock: { change: -1 },
    payOrder: { token: 'tok_visa' },
    moveOrder: { to: 'cancelled' },
  };
  const closed = endpoints().filter(({ path, permission }) => path.includes(':') && permission.scope !== 'public');
  expect(closed.length).toBeGreaterThan(10);
  for (const endpoint of closed) {
    const path = filled(endpoint.path, { productId: product.id, orderId, locationId, number, sku: 'canary' });
    const answer = await call(endpoint, path, bodies[endpoint.operationId] ?? {});
    const isEmptyPage = answer.status === 200 && (answer.body as { data?: unknown[] }).data?.length === 0;
    expect([endpoint.operationId, answer.status === 404 || isEmptyPage]).toEqual([endpoint.operationId, true]);
    expect(answer.text).not.toMatch(/"canary"|Mug /);
  }
});

import { beforeAll } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import request from 'supertest';
import { createApp } from '../src/app.ts';
import { analyticsFeature } from '../src/features/analytics/http.ts';
import { analyticsCollections } from '../src/features/analytics/collections.ts';
import { rollups, trends } from '../src/features/analytics/analytics.model.ts';
import { TrafficReads } from '../src/features/analytics/traffic.reads.ts';
import { TrafficService } from '../src/features/analytics/traffic.service.ts';
import { SalesService } from '../src/features/analytics/sales.service.ts';
import { auditCollections } from '../src/features/audit/collections.ts';
import { catalogCollections } from '../src/features/catalog/collections.ts';
import { catalogFeature } from '../src/features/catalog/http.ts';
import { productSubscriptions } from '../src/features/catalog/index.ts';
import { productCollection } from '../src/features/catalog/product.model.ts';
import { ProductReads } from '../src/features/catalog/product.reads.ts';
import { ProductService } from '../src/features/catalog/product.service.ts';
import { ProductStore } from '../src/features/catalog/product.store.ts';
import { orderCollections } from '../src/features/orders/collections.ts';
import { orderFeature } from '../src/features/orders/http.ts';
import { orderSubscriptions, type Payments } from '../src/features/orders/index.ts';
import { orderCollection } from '../src/features/orders/order.model.ts';
import { OrderReads } from '../src/features/orders/order.reads.ts';
import { OrderService } from '../src/features/orders/order.service.ts';
import { OrderStore } from '../src/features/orders/order.store.ts';
import { SalesReads } from '../src/features/orders/sales.reads.ts';
import { TestPayments } from '../src/features/orders/test-payments.ts';
import { stockCollections } from '../src/features/stock/collections.ts';
import { stockFeature } from '../src/features/stock/http.ts';
import { stockSubscriptions } from '../src/features/stock/index.ts';
import { locationCollection, stockCollection } from '../src/features/stock/stock.model.ts';
import { StockReads } from '../src/features/stock/stock.reads.ts';
import { StockService } from '../src/features/stock/stock.service.ts';
import { StockStore } from '../src/features/stock/stock.store.ts';
import { Turns } from '../src/features/stock/turns.ts';
import { uncached } from '../src/platform/cache/uncached.ts';
import { databaseProblems } from '../src/platform/database/failures.ts';
import { mongoTransact } from '../src/platform/database/transaction.ts';
import type { Seen } from '../src/platform/http/endpoint.ts';
import type { Edge } from '../src/platform/http/edge.ts';
import { unauthenticated } from '../src/platform/http/problems.ts';
import { keptAnswers } from '../src/platform/idempotency/answer.store.ts';
import { Idempotency } from '../src/platform/idempotency/once.ts';
import { LocalLimiter } from '../src/platform/limits/local.ts';
import { HealthRegistry } from '../src/platform/observability/health.ts';
import { eventAppender, outbox } from '../src/platform/outbox/event.store.ts';
import { mergeSubscriptions } from '../src/platform/outbox/subscription.ts';
import { effects } from '../src/platform/queue/effects.ts';
import { Cursors } from '../src/platform/security/cursors.ts';
import { Id, newId } from '../src/shared/ids.ts';
import { Problem } from '../src/shared/problem.ts';
import type { Identity } from '../src/shared/scope.ts';
import { auditedIn } from './audited.ts';
import { silent, withDatabase, type TestDatabase } from './environment/index.ts';

/** What follows from the events of a shop. */
export const shopSubscriptions = mergeSubscriptions(productSubscriptions, stockSubscriptions, orderSubscriptions);

export const STORE = {
  name: 'Mugs & More',
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  locale: 'en',
  branding: { logoUrl: null, accentColor: null },
};

/** Who buys in tests: everybody but one is known. */
export const NOBODY = Id.decode('ffffffffffffffffffffffff');
export const customers = {
  findAddressee: async (id: Id) => {
    const card = (await customers.findCards([id])).get(Id.encode(id));
    return card && { ...card, textsTo: null as string | null };
  },
  findCards: (ids: readonly Id[]) => {
    const known = ids.filter((id) => !id.equals(NOBODY)).map((id) => Id.encode(id));
    return Promise.resolve(
      new Map(known.map((id) => [id, { name: `<Ann> ${id}`, email: `${id}@example.test`, locale: null }])),
    );
  },
};
export const stores = {
  findStore: () => Promise.resolve(STORE),
  fixCurrency: () => Promise.resolve(STORE.currency),
};

/** Somebody who calls: a store, a user or the platform's support. */
export class Caller {
  readonly id: string;
  readonly #app: RequestListener;
  readonly #token: string;

  constructor(app: RequestListener, kind: 'admin' | 'merchant' | 'user', id = newId()) {
    this.#app = app;
    this.id = Id.encode(id);
    this.#token = `Bearer ${kind}:${this.id}`;
  }

  get(path: string) {
    return request(this.#app).get(path).set('Authorization', this.#token);
  }

  post(path: string, body: object = {}, key: string = randomUUID()) {
    return request(this.#app).post(path).set('Authorization', this.#token).set('Idempotency-Key', key).send(body);
  }

  put(path: string, body: object) {
    return request(this.#app).put(path).set('Authorization', this.#token).send(body);
  }

  delete(path: string) {
    return request(this.#app).delete(path).set('Authorization', this.#token);
  }

  patch(path: string, body: object) {
    return request(this.#app).patch(path).set('Authorization', this.#token).send(body);
  }
}

export interface Shop {
  readonly app: RequestListener;
  readonly database: TestDatabase;
  readonly services: ReturnType<typeof shopServices>;
  merchant(): Caller;
  user(): Caller;
  admin(): Caller;
  anybody(): ReturnType<typeof request>;
  /** What was looked at. */
  readonly seen: readonly Seen[];
}

/** The shop's features over a database of the suite's own, behind a door that believes whom a token names. */
export function withShop(payments: Payments = new TestPayments()): Shop {
  const database = withDatabase({
    collections: [
      ...catalogCollections,
      ...stockCollections,
      ...orderCollections,
      ...analyticsCollections,
      ...auditCollections,
      outbox,
      keptAnswers,
      effects,
    ],
    unindexed: [{ collection: 'outbox', operation: 'aggregate', reason: 'only tests ask for the events of one order' }],
  });
  const seen: Seen[] = [];
  let made: { services: ReturnType<typeof shopServices>; app: RequestListener } | undefined;
  const shop = () => {
    if (made === undefined) throw new Error('The shop is open from beforeAll on');
    return made;
  };
  beforeAll(() => {
    const services = shopServices(database, payments);
    made = { services, app: shopApp(services, (what) => void seen.push(what)) };
  });
  return {
    database,
    seen,
    get app() {
      return shop().app;
    },
    get services() {
      return shop().services;
    },
    merchant: () => new Caller(shop().app, 'merchant'),
    user: () => new Caller(shop().app, 'user'),
    admin: () => new Caller(shop().app, 'admin'),
    anybody: () => request(shop().app),
  };
}

function shopServices({ database, primary }: TestDatabase, payments: Payments) {
  const now = () => new Date();
  const idempotency = new Idempotency({ answers: keptAnswers.on(primary), now });
  const transact = mongoTransact(primary, idempotency.keepAnswer);
  const record = auditedIn(primary, now);
  const appendEvent = eventAppender({ events: outbox.on(primary), now, committed: () => undefined, record });
  const cursors = new Cursors('cursor secret of the tests, long enough');
  const products = productCollection.on(primary);
  const levels = stockCollection.on(primary);
  const locations = locationCollection.on(primary);
  const productReads = new ProductReads(products, cursors);
  const stockReads = new StockReads(levels, locations, cursors);
  const stockStore = new StockStore(levels, locations);
  const orderReads = new OrderReads(orderCollection.on(primary), cursors);
  const changes = { transact, appendEvent, now };
  const turns = new Turns();
  const orders = new OrderService({
    ...changes,
    products: productReads,
    stock: stockStore,
    locations: stockReads,
    turns,
    customers,
    payments,
    store: new OrderStore(orderCollection.on(primary)),
    reads: orderReads,
  });
  const trafficReads = new TrafficReads(rollups.on(primary), trends.on(primary));
  const salesReads = new SalesReads(async () => orderCollection.on(await database.analytics()));
  return {
    now,
    idempotency,
    productReads,
    products: new ProductService({ ...changes, stores, store: new ProductStore(products), reads: productReads }),
    stockReads,
    stock: new StockService({ ...changes, store: stockStore, reads: stockReads, turns }),
    orderReads,
    orders,
    sales: new SalesService({ reads: salesReads, stores, now }),
    traffic: new TrafficService({ reads: trafficReads, products: productReads, stores, now }),
  };
}

/** The features as the app is given them. */
export function shopFeatures(services: ReturnType<typeof shopServices>) {
  const { products, productReads, stock, stockReads, orders, orderReads, sales, traffic, now } = services;
  return [
    catalogFeature({ products, reads: productReads }),
    stockFeature({ stock, reads: stockReads }),
    orderFeature({ orders, reads: orderReads, now }),
    analyticsFeature({ sales, traffic }),
  ];
}

function shopApp(services: ReturnType<typeof shopServices>, track: (seen: Seen) => void): RequestListener {
  const edge: Edge = {
    authorize: (authorization, { scope }) => Promise.resolve(identityOf(authorization, scope)),
    once: (...asked) => services.idempotency.once(...asked),
    cache: uncached,
    track,
    limits: { limiter: new LocalLimiter(1), perAddress: 1e6, perTenant: 1e6, perUser: 1e6, perKey: 1e6 },
    strict: true,
  };
  return createApp(shopFeatures(services), {
    edge,
    health: new HealthRegistry(),
    logger: silent,
    http: { trustProxy: false, corsOrigins: [], slowRequestMs: 60_000 },
    problemPages: new URL('../docs/problems', import.meta.url).pathname,
    translations: [databaseProblems],
  });
}

/** Which kind of token opens which scope. */
const SCOPES: Readonly<Record<string, (id: Id) => Identity['scope']>> = {
  merchant: (merchantId) => ({ kind: 'merchant', merchantId }),
  user: (userId) => ({ kind: 'user', userId }),
  admin: () => ({ kind: 'system', reason: 'test' }),
};

/** Who calls, by a token of `Caller`: whom it names is believed. */
export function identityOf(authorization: string | undefined, wanted: Identity['scope']['kind']): Identity {
  if (wanted === 'public') return { actor: { kind: 'anonymous' }, scope: { kind: 'public' } };
  const [, kind = '', hex = ''] = /^Bearer (\w+):([a-f\d]{24})$/.exec(authorization ?? '') ?? [];
  const scope = SCOPES[kind]?.(Id.decode(hex));
  if (scope?.kind !== wanted) throw new Problem(unauthenticated, 'Not with this token');
  return { actor: { kind: 'user', id: Id.decode(hex) }, scope };
}

/** The body of an answer, of which its test says what it expects. */
export const bodyOf = async (answer: PromiseLike<{ readonly body: unknown }>): Promise<unknown> => (await answer).body;

/** Puts a product on sale, with one variant per SKU at 10.00 each, and stock of it at the merchant's first location. */
export async function putOnSale(merchant: Caller, levels: Readonly<Record<string, number>>) {
  const variants = Object.keys(levels).map((sku) => ({ sku, title: sku, price: { amount: 1_000, currency: 'EUR' } }));
  const product = { title: `Mug ${randomUUID()}`, category: 'mugs', status: 'active', variants };
  const created = await merchant.post('/api/merchant/products', product).expect(201);
  const { body: locations } = (await merchant.get('/api/merchant/locations').expect(200)) as {
    body: { data: { id: string }[] };
  };
  const locationId = locations.data[0]?.id ?? (await newLocation(merchant));
  for (const [sku, available] of Object.entries(levels)) {
    await merchant.put(`/api/merchant/locations/${locationId}/stock/${sku}`, { available }).expect(200);
  }
  return { locationId, product: created.body as { id: string; slug: string; version: number } };
}

async function newLocation(merchant: Caller): Promise<string> {
  const body = await bodyOf(merchant.post('/api/merchant/locations', { name: 'Warehouse' }).expect(201));
  return (body as { id: string }).id;
}

export async function stockLeft(merchant: Caller, locationId: string, sku: string): Promise<number> {
  const body = await bodyOf(merchant.get(`/api/merchant/locations/${locationId}/stock/${sku}`).expect(200));
  return (body as { available: number }).available;
}

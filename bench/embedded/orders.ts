import { ObjectId, type Document, type IndexDescription } from 'mongodb';

export const MERCHANTS = 20;
const STATES = ['pending', 'paid', 'shipped', 'delivered', 'cancelled'] as const;
const START = Date.UTC(2026, 0, 1);

/** Ids that are the same in every run. */
export const merchantId = (n: number): ObjectId => ObjectId.createFromHexString(n.toString(16).padStart(24, '5'));
export const customerId = (n: number): ObjectId => ObjectId.createFromHexString(n.toString(16).padStart(24, '7'));
export const orderId = (n: number): ObjectId => ObjectId.createFromHexString(n.toString(16).padStart(24, '0'));

/** An order of about 1 KB. */
export function order(n: number): Document {
  const lines = Array.from({ length: 1 + (n % 4) }, (_, line) => ({
    sku: `sku-${String((n * 7 + line) % 3_000)}`,
    title: `Product ${String((n * 7 + line) % 3_000)} in a colour that sells well`,
    quantity: 1 + ((n + line) % 3),
    unitPrice: { amount: 500 + ((n * 13 + line) % 20_000), currency: 'EUR' },
  }));
  return {
    _id: orderId(n),
    number: `A-${String(n)}`,
    merchantId: merchantId(n % MERCHANTS),
    customerId: customerId(n % 2_000),
    state: STATES[n % STATES.length],
    version: 1,
    lines,
    total: { amount: 1_000 + ((n * 31) % 90_000), currency: 'EUR' },
    placedAt: new Date(START + n * 60_000),
    address: {
      name: `Customer ${String(n % 2_000)}`,
      street: `Long Street ${String(n % 300)}`,
      city: 'Lisbon',
      country: 'PT',
    },
    note: 'Please leave the parcel with the neighbour on the second floor. '.repeat(6 - (n % 4)),
    tags: [`campaign-${String(n % 12)}`, n % 2 === 0 ? 'mobile' : 'web'],
  };
}

export const INDEXES: readonly IndexDescription[] = [
  { key: { number: 1 }, unique: true },
  { key: { merchantId: 1, placedAt: -1, _id: -1 } },
  { key: { merchantId: 1, state: 1, placedAt: -1 } },
  { key: { customerId: 1, placedAt: -1 } },
  { key: { 'lines.sku': 1 } },
  { key: { placedAt: 1 } },
];

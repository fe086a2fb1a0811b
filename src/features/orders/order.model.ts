import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';
import type { Money } from '../../shared/money.ts';
import { ORDER_STATES, type OrderState } from './order.state.ts';

/** What was bought, as it was called and cost at that moment: later changes of the product do not reach it. */
export interface OrderLine {
  productId: Id;
  sku: string;
  title: string;
  quantity: number;
  unitPrice: Money;
}

export const PAYMENT_STATES = ['captured', 'refund-due', 'refunded'] as const;

export interface OrderPayment {
  provider: string;
  /** The provider's name of it. */
  reference: string;
  state: (typeof PAYMENT_STATES)[number];
}

/** An order as it lies in MongoDB. Written by hand: the stored shape is a decision, not an inference. */
export interface MerchantOrder {
  _id: Id;
  /** By which people speak of it. */
  number: string;
  merchantId: Id;
  customerId: Id;
  locationId: Id;
  state: OrderState;
  version: number;
  lines: OrderLine[];
  /** Pieces in all lines. */
  items: number;
  total: Money;
  /** Null while nothing was paid by way of a provider. */
  payment: OrderPayment | null;
  placedAt: Date;
  updatedAt: Date;
}

const id = { type: Schema.Types.ObjectId, required: true, immutable: true };
const text = { type: String, required: true };
const money = { amount: { type: Number, required: true, min: 0, validate: Number.isSafeInteger }, currency: text };
const payment = new Schema(
  { provider: text, reference: text, state: { type: String, enum: PAYMENT_STATES, required: true } },
  { _id: false, strict: 'throw' },
);

export const orderCollection = storedCollection<MerchantOrder>({
  name: 'MerchantOrder',
  collection: 'merchant_orders',
  fields: {
    number: { ...text, immutable: true },
    merchantId: id,
    customerId: id,
    locationId: id,
    state: { type: String, enum: ORDER_STATES, required: true },
    version: { type: Number, required: true },
    lines: [
      {
        _id: false,
        productId: { type: Schema.Types.ObjectId, required: true },
        sku: text,
        title: text,
        quantity: { type: Number, required: true, min: 1 },
        unitPrice: money,
      },
    ],
    items: { type: Number, required: true },
    total: money,
    payment: { type: payment, default: null },
    placedAt: { type: Date, required: true, immutable: true },
    updatedAt: { type: Date, required: true },
  },
  scopes: {
    merchant: ({ merchantId }) => ({ merchantId }),
    user: ({ userId }) => ({ customerId: userId }),
    system: () => ({}),
  },
  indexes: [
    {
      name: 'merchant_newest',
      serves: 'OrderReads.findMerchantPage',
      key: { merchantId: 1, placedAt: -1, _id: -1 },
    },
    {
      name: 'merchant_state',
      serves: 'OrderReads.findMerchantPage of a state',
      key: { merchantId: 1, state: 1, placedAt: -1, _id: -1 },
    },
    {
      name: 'merchant_customer',
      serves: 'OrderReads.findMerchantPage of a customer; findUserPage at a store',
      key: { merchantId: 1, customerId: 1, placedAt: -1, _id: -1 },
    },
    {
      name: 'merchant_sku',
      serves: 'OrderReads.findMerchantPage of a SKU',
      key: { merchantId: 1, 'lines.sku': 1, placedAt: -1, _id: -1 },
    },
    {
      name: 'merchant_number',
      serves: 'OrderReads.findByNumber; a number stands for one order',
      key: { merchantId: 1, number: 1 },
      unique: true,
    },
    {
      name: 'sales',
      serves: 'SalesReads.findSeries, which reads nothing but this index',
      key: { merchantId: 1, placedAt: 1, state: 1, 'total.amount': 1 },
    },
    {
      name: 'user_newest',
      serves: 'OrderReads.findUserPage',
      key: { customerId: 1, placedAt: -1, _id: -1 },
    },
    {
      name: 'user_state',
      serves: 'OrderReads.findUserPage of a state',
      key: { customerId: 1, state: 1, placedAt: -1, _id: -1 },
    },
    {
      name: 'platform_newest',
      serves: 'OrderReads.findAll; SalesReads.findBusiestStores',
      key: { placedAt: -1, _id: -1 },
    },
    {
      name: 'platform_state',
      serves: 'OrderReads.findAll of a state',
      key: { state: 1, placedAt: -1, _id: -1 },
    },
  ],
});

import { z } from 'zod';
import { Id } from '../../shared/ids.ts';
import { Money } from '../../shared/money.ts';
import { offsetPageOf, OffsetQuery, pageOf, PageQuery } from '../../shared/page.ts';
import { Timestamp } from '../../shared/time.ts';
import { Sku } from '../catalog/index.ts';
import { ORDER_STATES } from './order.state.ts';

const MAX_LINES = 50;

/**
 * One conditional update of stock per line; and what is for sale, location, customer or state, the order, its event,
 * its audit entry, the answer kept for its key and the lock of that key.
 */
export const MAX_WRITE_QUERIES = MAX_LINES + 9;

const State = z.enum(ORDER_STATES);
/** Short enough to be read out, and without the letters that look like digits. */
const OrderNumber = z.string().regex(/^[\dA-HJKMNP-TV-Z]{5}-[\dA-HJKMNP-TV-Z]{5}$/, 'must be like 7K2QX-93MVD');

const Lines = z
  .array(z.strictObject({ sku: Sku, quantity: z.int().min(1).max(10_000) }))
  .min(1)
  .max(MAX_LINES)
  .refine((lines) => new Set(lines.map(({ sku }) => sku)).size === lines.length, 'must not repeat a SKU');

const whereFrom = Id.optional().meta({ description: "Where from; the store's main location unless it is said" });

/** What a user sends to buy at a store. Prices are not among it. */
export const PlaceOrder = z
  .strictObject({ merchantId: Id, locationId: whereFrom, lines: Lines })
  .meta({ id: 'PlaceOrder' });
export type PlaceOrder = z.output<typeof PlaceOrder>;

/** What a merchant sends to place an order for a customer. */
export const PlaceOrderFor = z
  .strictObject({ customerId: Id, locationId: whereFrom, lines: Lines })
  .meta({ id: 'PlaceOrderForCustomer' });
export type PlaceOrderFor = z.output<typeof PlaceOrderFor>;

export const PayOrder = z
  .strictObject({ token: z.string().regex(/^[\w-]{1,128}$/, 'must be a token of the payment provider') })
  .meta({ id: 'PayOrder', examples: [{ token: 'tok_visa' }] });

export const MoveOrder = z
  .strictObject({ to: z.enum(['paid', 'shipped', 'delivered', 'cancelled']) })
  .meta({ id: 'MoveOrder', description: '`paid` stands for money that came in by other ways, such as cash.' });

const ListQuery = PageQuery.extend({
  state: State.optional(),
  from: Timestamp.optional().meta({ description: 'Placed at this moment or later' }),
  until: Timestamp.optional().meta({ description: 'Placed before this moment' }),
});

export const MerchantOrdersQuery = ListQuery.extend({
  customerId: Id.optional(),
  sku: Sku.optional(),
});
export type MerchantOrdersQuery = z.output<typeof MerchantOrdersQuery>;

export const UserOrdersQuery = ListQuery.extend({ merchantId: Id.optional() });
export type UserOrdersQuery = z.output<typeof UserOrdersQuery>;

export const AllOrdersQuery = OffsetQuery.extend({
  state: State.optional(),
  days: z.coerce.number().int().min(1).max(366).default(30).meta({ description: 'How far back' }),
});
export type AllOrdersQuery = z.output<typeof AllOrdersQuery>;

export const NumberPath = z.strictObject({ number: OrderNumber });

const summary = {
  id: Id,
  number: OrderNumber,
  merchantId: Id,
  customerId: Id,
  state: State,
  items: z.int().meta({ description: 'Pieces in all lines' }),
  total: Money,
  placedAt: Timestamp,
};

/** An order as lists show it. */
export const OrderCard = z.strictObject(summary).meta({ id: 'OrderCard' });
export type OrderCard = z.input<typeof OrderCard>;
export const OrderPage = pageOf(OrderCard).meta({ id: 'OrderPage' });
export const NumberedOrderPage = offsetPageOf(OrderCard).meta({ id: 'NumberedOrderPage' });

/** An order as the API shows it. */
export const OrderView = z
  .strictObject({
    ...summary,
    locationId: Id,
    allowedTransitions: z.array(State),
    version: z.int(),
    payment: z.enum(['none', 'captured', 'refund-due', 'refunded']),
    lines: z.array(
      z.strictObject({
        productId: Id,
        sku: Sku,
        title: z.string(),
        quantity: z.int(),
        unitPrice: Money,
        amount: Money,
      }),
    ),
  })
  .meta({ id: 'Order' });
export type OrderView = z.input<typeof OrderView>;

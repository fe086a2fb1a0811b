import { Id } from '../../shared/ids.ts';
import type { MerchantOrder, OrderLine } from './order.model.ts';
import { amountOf } from './order.pricing.ts';
import type { OrderCard, OrderView } from './order.schema.ts';
import { allowedTransitions } from './order.state.ts';

/** The fields that the presenters read, and so the only ones that a read for a screen loads. */
export const CARD_FIELDS = {
  number: 1,
  merchantId: 1,
  customerId: 1,
  state: 1,
  items: 1,
  total: 1,
  placedAt: 1,
} as const;
export const VIEW_FIELDS = { ...CARD_FIELDS, locationId: 1, version: 1, lines: 1, payment: 1 } as const;

export type CardRow = Pick<MerchantOrder, '_id' | keyof typeof CARD_FIELDS>;
export type OrderRow = Pick<MerchantOrder, '_id' | keyof typeof VIEW_FIELDS>;

/** Field by field: what is not named here does not leave. */
export function presentCard(order: CardRow): OrderCard {
  const { _id, number, merchantId, customerId, state, items, total, placedAt } = order;
  return {
    id: Id.encode(_id),
    number,
    merchantId: Id.encode(merchantId),
    customerId: Id.encode(customerId),
    state,
    items,
    total,
    placedAt: placedAt.toISOString(),
  };
}

export function presentOrder(order: OrderRow): OrderView {
  return {
    ...presentCard(order),
    locationId: Id.encode(order.locationId),
    allowedTransitions: [...allowedTransitions(order.state)],
    version: order.version,
    payment: order.payment?.state ?? 'none',
    lines: order.lines.map(presentLine),
  };
}

function presentLine(line: OrderLine): OrderView['lines'][number] {
  const { productId, sku, title, quantity, unitPrice } = line;
  return { productId: Id.encode(productId), sku, title, quantity, unitPrice, amount: amountOf(line) };
}

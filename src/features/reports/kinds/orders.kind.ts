import { Id } from '../../../shared/ids.ts';
import { localDay } from '../../analytics/index.ts';
import type { ExportedOrder } from '../../orders/index.ts';
import { inBatches } from './batches.ts';
import { reportKind, type About, type Sources } from './kind.ts';

interface OrderRow extends ExportedOrder {
  /** Empty once the account is gone. */
  readonly customer: string;
  readonly day: string;
}

const BATCH = 50;

/** Each order that was placed, whatever became of it. */
export const orders = reportKind<OrderRow>({
  title: 'Orders',
  tells: 'period',
  columns: [
    { key: 'number', label: 'Order', type: 'text', width: 4, of: ({ number }) => number },
    { key: 'placed', label: 'Placed', type: 'moment', width: 5, of: ({ placedAt }) => placedAt.getTime() },
    { key: 'customer', label: 'Customer', type: 'text', width: 7, of: ({ customer }) => customer },
    { key: 'state', label: 'State', type: 'text', width: 3, of: ({ state }) => state },
    { key: 'payment', label: 'Payment', type: 'text', width: 4, of: ({ payment }) => payment?.state ?? 'none' },
    { key: 'items', label: 'Items', type: 'integer', width: 2, isSummed: true, of: ({ items }) => items },
    { key: 'total', label: 'Total', type: 'money', width: 4, isSummed: true, of: ({ total }) => total.amount },
  ],
  read: readOrders,
  count: ({ orders: source }, { begin, end, access }) => source.countPlaced(begin, end, access),
  figures: [
    { label: 'Orders', type: 'integer', of: (_totals, rows) => rows },
    { label: 'Items', type: 'integer', of: ({ items = 0 }) => items },
    { label: 'Total', type: 'money', of: ({ total = 0 }) => total },
  ],
  charts: [
    { title: 'Orders placed', shape: 'timeline', type: 'integer', of: ({ day }) => ({ day, value: 1 }) },
    { title: 'Orders by state', shape: 'ranking', type: 'integer', of: ({ state }) => ({ label: state, value: 1 }) },
  ],
});

async function* readOrders(sources: Sources, { access, begin, end, timeZone }: About): AsyncGenerator<OrderRow> {
  for await (const batch of inBatches(sources.orders.streamPlaced(begin, end, access), BATCH)) {
    const ids = new Map(batch.map(({ customerId }) => [Id.encode(customerId), customerId]));
    const cards = await sources.customers.findCards([...ids.values()]);
    for (const order of batch) {
      const customer = cards.get(Id.encode(order.customerId))?.name ?? '';
      yield { ...order, customer, day: localDay(order.placedAt, timeZone) };
    }
  }
}

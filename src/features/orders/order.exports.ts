import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { MerchantOrder } from './order.model.ts';
import { SOLD_STATES } from './order.state.ts';

const FIELDS = { number: 1, placedAt: 1, customerId: 1, state: 1, items: 1, total: 1, payment: 1 } as const;
export type ExportedOrder = Pick<MerchantOrder, keyof typeof FIELDS>;

/** What was sold of one SKU. */
export interface SkuSales {
  readonly sku: string;
  /** As the last order called it. */
  readonly title: string;
  readonly quantity: number;
  /** In minor units of the store's currency. */
  readonly revenue: number;
}

// Of larger ones most rows outlive a collection or two of the young, and the heap grows to twice its size (bench/queues).
const BATCH = 50;

/** Orders for reports, row by row on the client for reports: memory does not grow with their number. */
export class OrderExports {
  readonly #connect: () => Promise<ScopedModel<MerchantOrder>>;

  /** @param connect the orders on the client for reports, which it opens when first asked */
  constructor(connect: () => Promise<ScopedModel<MerchantOrder>>) {
    this.#connect = connect;
  }

  /** All orders placed in a time, whatever became of them; the oldest first. */
  async *streamPlaced(from: Date, until: Date, access: Access): AsyncGenerator<ExportedOrder> {
    const orders = await this.#connect();
    yield* orders
      .find({ placedAt: { $gte: from, $lt: until } }, FIELDS, access)
      .sort({ placedAt: 1, _id: 1 })
      .lean<ExportedOrder[]>()
      .cursor({ batchSize: BATCH });
  }

  async countPlaced(from: Date, until: Date, access: Access): Promise<number> {
    const orders = await this.#connect();
    return orders.countDocuments({ placedAt: { $gte: from, $lt: until } }, access);
  }

  /** What was sold of each SKU; SKU by SKU. */
  async *streamSoldBySku(from: Date, until: Date, access: Access): AsyncGenerator<SkuSales> {
    const orders = await this.#connect();
    const revenue = { $sum: { $multiply: ['$lines.unitPrice.amount', '$lines.quantity'] } };
    yield* orders
      .aggregate<SkuSales>(
        [
          { $match: { placedAt: { $gte: from, $lt: until }, state: { $in: [...SOLD_STATES] } } },
          { $unwind: '$lines' },
          {
            $group: {
              _id: '$lines.sku',
              title: { $last: '$lines.title' },
              quantity: { $sum: '$lines.quantity' },
              revenue,
            },
          },
          { $sort: { _id: 1 } },
          { $project: { _id: 0, sku: '$_id', title: 1, quantity: 1, revenue: 1 } },
        ],
        access,
      )
      .cursor({ batchSize: BATCH });
  }
}

import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { MerchantOrder } from './order.model.ts';
import { SOLD_STATES } from './order.state.ts';

/** What was sold from one moment until the next; there is no row where nothing was. */
export interface SalesRow {
  readonly begins: Date;
  readonly orders: number;
  /** In minor units of the store's currency. */
  readonly revenue: number;
}

export interface ProductSales {
  readonly productId: Id;
  readonly title: string;
  readonly quantity: number;
  /** In minor units of the store's currency. */
  readonly revenue: number;
}

/** Sums over orders, on the client for reports. */
export class SalesReads {
  readonly #connect: () => Promise<ScopedModel<MerchantOrder>>;

  /** @param connect the orders on the client for reports, which it opens when first asked */
  constructor(connect: () => Promise<ScopedModel<MerchantOrder>>) {
    this.#connect = connect;
  }

  /**
   * Sums between moments, such as the beginnings of days in the store's time zone. The caller finds those: a database
   * that asks the calendar for each order takes twenty times as long, and `$bucket` only compares.
   * @param boundaries ascending, two at least; the last ends the last row
   */
  async findSeries(boundaries: readonly Date[], access: Access): Promise<SalesRow[]> {
    const [from, until] = [boundaries[0], boundaries.at(-1)];
    if (from === undefined || until === undefined) throw new RangeError('A series has two boundaries at least');
    const orders = await this.#connect();
    const output = { orders: { $sum: 1 }, revenue: { $sum: '$total.amount' } };
    return orders.aggregate<SalesRow>(
      [
        { $match: soldBetween(from, until) },
        { $bucket: { groupBy: '$placedAt', boundaries: [...boundaries], output } },
        { $project: { _id: 0, begins: '$_id', orders: 1, revenue: 1 } },
      ],
      { ...access, ...UP_TO_DATE },
    );
  }

  /** The stores that most orders were placed at since a moment, the busiest first. */
  async findBusiestStores(since: Date, limit: number, access: Access): Promise<Id[]> {
    const orders = await this.#connect();
    const rows = await orders.aggregate<{ readonly _id: Id }>(
      [
        { $match: { placedAt: { $gte: since } } },
        { $group: { _id: '$merchantId', orders: { $sum: 1 } } },
        { $sort: { orders: -1, _id: 1 } },
        { $limit: limit },
      ],
      access,
    );
    return rows.map(({ _id }) => _id);
  }

  /** The products that brought most, the best first. */
  async findTopProducts(from: Date, until: Date, limit: number, access: Access): Promise<ProductSales[]> {
    const orders = await this.#connect();
    const revenue = { $sum: { $multiply: ['$lines.unitPrice.amount', '$lines.quantity'] } };
    return orders.aggregate<ProductSales>(
      [
        { $match: soldBetween(from, until) },
        { $unwind: '$lines' },
        {
          $group: {
            _id: '$lines.productId',
            title: { $last: '$lines.title' },
            quantity: { $sum: '$lines.quantity' },
            revenue,
          },
        },
        { $sort: { revenue: -1, _id: 1 } },
        { $limit: limit },
        { $project: { _id: 0, productId: '$_id', title: 1, quantity: 1, revenue: 1 } },
      ],
      { ...access, ...UP_TO_DATE },
    );
  }
}

/** These sums are kept: what a secondary has not heard of yet would be kept after the very change that it lacks. */
const UP_TO_DATE = { readPreference: 'primary' } as const;

const soldBetween = (from: Date, until: Date) => ({
  placedAt: { $gte: from, $lt: until },
  state: { $in: [...SOLD_STATES] },
});

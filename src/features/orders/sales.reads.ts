import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { MerchantOrder } from './order.model.ts';
import { SOLD_STATES } from './order.state.ts';

export interface SalesQuestion {
  readonly from: Date;
  readonly until: Date;
  readonly unit: 'day' | 'month' | 'week';
  /** An IANA time zone, in which a day begins. */
  readonly timeZone: string;
}

/** What was sold in one day, week or month; there is no row where nothing was. */
export interface SalesRow {
  /** The first day of it in the time zone asked for: `2026-03-02`. */
  readonly begins: string;
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

/** Sums over a merchant's orders, on the client for reports. */
export class SalesReads {
  readonly #connect: () => Promise<ScopedModel<MerchantOrder>>;
  #connected: Promise<ScopedModel<MerchantOrder>> | undefined;

  /** @param connect opens the client for reports; asked once, when first needed */
  constructor(connect: () => Promise<ScopedModel<MerchantOrder>>) {
    this.#connect = connect;
  }

  async findSeries({ from, until, unit, timeZone }: SalesQuestion, access: Access): Promise<SalesRow[]> {
    const orders = await (this.#connected ??= this.#connect());
    const day = { $dateToString: { date: '$placedAt', format: DAY, timezone: timeZone } } as const;
    // Of the day's name, not of a moment: then neither the zone nor a change of its clock is of matter any more.
    const begin = {
      $dateTrunc: { date: { $dateFromString: { dateString: '$_id', format: DAY } }, unit, startOfWeek: 'monday' },
    } as const;
    const sums = { orders: { $sum: '$orders' }, revenue: { $sum: '$revenue' } };
    const rows = await orders.aggregate<SalesRow>(
      [
        { $match: soldBetween(from, until) },
        { $group: { _id: day, orders: { $sum: 1 }, revenue: { $sum: '$total.amount' } } },
        { $group: { _id: begin, ...sums } },
        { $project: { _id: 0, begins: { $dateToString: { date: '$_id', format: DAY } }, orders: 1, revenue: 1 } },
      ],
      access,
    );
    return rows.toSorted((a, b) => (a.begins < b.begins ? -1 : 1));
  }

  /** The products that brought most, the best first. */
  async findTopProducts(
    { from, until }: Pick<SalesQuestion, 'from' | 'until'>,
    limit: number,
    access: Access,
  ): Promise<ProductSales[]> {
    const orders = await (this.#connected ??= this.#connect());
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
      access,
    );
  }
}

const DAY = '%Y-%m-%d';

const soldBetween = (from: Date, until: Date) => ({
  placedAt: { $gte: from, $lt: until },
  state: { $in: [...SOLD_STATES] },
});

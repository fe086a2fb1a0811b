import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { MerchantOrder, OrderPayment } from './order.model.ts';
import type { FoundState } from './order.reads.ts';
import type { OrderState } from './order.state.ts';

export interface OrderMove {
  readonly to: OrderState;
  readonly at: Date;
  readonly payment: OrderPayment | null;
}

/** Writes of orders, each a single atomic operation. */
export class OrderStore {
  readonly #orders: ScopedModel<MerchantOrder>;

  constructor(orders: ScopedModel<MerchantOrder>) {
    this.#orders = orders;
  }

  async insert(order: MerchantOrder, access: Access): Promise<void> {
    await this.#orders.create([order], access);
  }

  /** Moves the order if it still is as it was found; `undefined` if somebody was faster. */
  async move(
    { _id, state, version }: FoundState,
    { to, at, payment }: OrderMove,
    access: Access,
  ): Promise<MerchantOrder | undefined> {
    const moved = await this.#orders
      .findOneAndUpdate(
        { _id, state, version },
        { $set: { state: to, payment, updatedAt: at }, $inc: { version: 1 } },
        { ...access, returnDocument: 'after' },
      )
      .lean<MerchantOrder>();
    return moved ?? undefined;
  }

  /** Notes that the money has gone back. Repeatable. */
  async markRefunded(_id: Id, at: Date, access: Access): Promise<void> {
    await this.#orders.updateOne(
      { _id, 'payment.state': 'refund-due' },
      { $set: { 'payment.state': 'refunded', updatedAt: at }, $inc: { version: 1 } },
      access,
    );
  }
}

import type { Id } from '../../shared/ids.ts';
import { demandVersion } from '../../shared/precondition.ts';
import { Problem } from '../../shared/problem.ts';
import type { MerchantContext, MerchantScope, UserContext } from '../../shared/scope.ts';
import { moveFound, notFound } from './move-order.ts';
import type { OrderContext, OrderDeps } from './order.deps.ts';
import type { OrderPayment } from './order.model.ts';
import { unknownCustomer } from './order.problems.ts';
import type { OrderView, PlaceOrder, PlaceOrderFor } from './order.schema.ts';
import type { OrderState } from './order.state.ts';
import { payOrder } from './pay-order.ts';
import { placeOrder } from './place-order.ts';

/** What can be done with orders. Knows nothing of HTTP, Mongoose or Redis. */
export class OrderService {
  readonly #deps: OrderDeps;

  constructor(deps: OrderDeps) {
    this.#deps = deps;
  }

  async get({ scope }: OrderContext, orderId: Id): Promise<OrderView> {
    return (await this.#deps.reads.findView(orderId, { scope })) ?? notFound();
  }

  async getByNumber({ scope }: MerchantContext, number: string): Promise<OrderView> {
    return (await this.#deps.reads.findByNumber(number, { scope })) ?? notFound();
  }

  /** A user buys at a store. */
  place(context: UserContext, { merchantId, ...basket }: PlaceOrder): Promise<OrderView> {
    return placeOrder(this.#deps, context, { ...basket, merchantId, customerId: context.scope.userId });
  }

  /** A merchant takes an order on the telephone or over the counter. */
  async placeFor(context: MerchantContext, { customerId, ...basket }: PlaceOrderFor): Promise<OrderView> {
    const known = await this.#deps.customers.findCards([customerId]);
    if (known.size === 0) {
      const errors = [{ path: 'body.customerId', message: 'is nobody' }];
      throw new Problem(unknownCustomer, 'There is no such customer', { errors });
    }
    return placeOrder(this.#deps, context, { ...basket, customerId, merchantId: context.scope.merchantId });
  }

  pay(context: UserContext, orderId: Id, token: string): Promise<OrderView> {
    return payOrder(this.#deps, context, orderId, token);
  }

  move(context: OrderContext, orderId: Id, to: OrderState): Promise<OrderView> {
    return this.#deps.transact(context, async (access) => {
      const found = (await this.#deps.reads.findState(orderId, access)) ?? notFound();
      demandVersion(context, found.version);
      return moveFound(this.#deps, context, found, { to, payment: afterMove(found.payment, to) }, access);
    });
  }

  /** Gives back what was paid for a cancelled order. Repeatable: at the provider's and here. */
  async refund(scope: MerchantScope, orderId: Id): Promise<void> {
    const { reads, payments, store, now } = this.#deps;
    const found = await reads.findState(orderId, { scope });
    if (found?.payment?.state !== 'refund-due') return;
    await payments.refund(found.payment.reference, found.total);
    await store.markRefunded(orderId, now(), { scope });
  }
}

/** What was captured has to go back when the order is cancelled. */
function afterMove(payment: OrderPayment | null, to: OrderState): OrderPayment | null {
  return payment?.state === 'captured' && to === 'cancelled' ? { ...payment, state: 'refund-due' } : payment;
}

import type { Transact } from '../../platform/database/transaction.ts';
import type { AppendEvent } from '../../platform/outbox/event.ts';
import type { MerchantScope, RequestContext, UserScope } from '../../shared/scope.ts';
import type { Now } from '../../shared/time.ts';
import type { ProductReads } from '../catalog/index.ts';
import type { StockReads, StockStore, Turns } from '../stock/index.ts';
import type { OrderReads } from './order.reads.ts';
import type { OrderStore } from './order.store.ts';
import type { Payments } from './payments.ts';
import type { Customers } from './surroundings.ts';

/** What the use cases of orders work with. */
export interface OrderDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly products: Pick<ProductReads, 'findForSale'>;
  readonly stock: Pick<StockStore, 'giveBack' | 'take'>;
  readonly locations: Pick<StockReads, 'findMainLocation'>;
  readonly turns: Pick<Turns, 'inTurn'>;
  readonly customers: Customers;
  readonly payments: Payments;
  readonly store: Pick<OrderStore, 'insert' | 'markRefunded' | 'move'>;
  readonly reads: Pick<OrderReads, 'findByNumber' | 'findState' | 'findView'>;
  readonly now: Now;
}

/** Either side of an order: the one who sells and the one who buys. Which orders they see says their scope. */
export type OrderContext = RequestContext<MerchantScope | UserScope>;

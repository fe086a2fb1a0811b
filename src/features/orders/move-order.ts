import type { Access } from '../../platform/database/scoped.ts';
import type { TransactionAccess } from '../../platform/database/transaction.ts';
import type { Id } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import type { MerchantScope } from '../../shared/scope.ts';
import type { OrderContext, OrderDeps } from './order.deps.ts';
import { orderEvent } from './order.events.ts';
import type { MerchantOrder, OrderPayment } from './order.model.ts';
import { presentOrder } from './order.presenter.ts';
import { orderNotFound, transitionRefused } from './order.problems.ts';
import type { FoundState } from './order.reads.ts';
import type { OrderView } from './order.schema.ts';
import { allowedTransitions, canMove, type OrderState } from './order.state.ts';

/**
 * The store that sells, to which its stock belongs: what a buyer sets off there is bounded by what the use cases do,
 * whatever merchant the buyer names.
 */
export const storeOf = (merchantId: Id): MerchantScope => ({ kind: 'merchant', merchantId });

/** Moves an order within a transaction, with all that follows at once: stock goes back, the event is noted. */
export async function moveFound(
  { store, stock, appendEvent, now }: Pick<OrderDeps, 'appendEvent' | 'now' | 'stock' | 'store'>,
  context: OrderContext,
  found: FoundState,
  { to, payment }: { readonly to: OrderState; readonly payment: OrderPayment | null },
  access: TransactionAccess,
): Promise<OrderView> {
  const { state } = found;
  const moved = canMove(state, to) ? await store.move(found, { to, payment, at: now() }, access) : undefined;
  if (moved === undefined) refuse(state, to);
  if (to === 'cancelled') await stock.giveBack(moved.locationId, moved.lines, inStore(moved, access));
  // What becomes of each sale is in the order itself; who took one back is to be accounted for.
  const change = { target: { kind: 'order', id: moved._id }, before: { state }, after: { state: to } };
  const account = to === 'cancelled' ? { ...change, merchantId: moved.merchantId } : undefined;
  await appendEvent(context, orderEvent(moved), access, account);
  return presentOrder(moved);
}

const inStore = ({ merchantId }: MerchantOrder, { session }: TransactionAccess): Access => ({
  scope: storeOf(merchantId),
  session,
});

export function refuse(state: OrderState, to: OrderState): never {
  const details = { state, allowedTransitions: allowedTransitions(state) };
  throw new Problem(transitionRefused, `An order that is ${state} cannot become ${to}`, details);
}

export function notFound(): never {
  throw new Problem(orderNotFound, 'There is no such order');
}

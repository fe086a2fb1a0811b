import { Id } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import type { UserContext } from '../../shared/scope.ts';
import { moveFound, notFound, refuse } from './move-order.ts';
import type { OrderDeps } from './order.deps.ts';
import type { OrderPayment } from './order.model.ts';
import { paymentDeclined, transitionRefused } from './order.problems.ts';
import type { FoundState } from './order.reads.ts';
import type { OrderView } from './order.schema.ts';
import { canMove } from './order.state.ts';

type Deps = Pick<OrderDeps, 'appendEvent' | 'now' | 'payments' | 'reads' | 'stock' | 'store' | 'transact'>;

/**
 * Pays an order. The money is taken before the order is moved: if the process dies in between, the same request heals
 * it, since the provider takes the money once per order and token, and the order is moved then. If the order has gone
 * elsewhere meanwhile, the money goes back.
 */
export async function payOrder(deps: Deps, context: UserContext, orderId: Id, token: string): Promise<OrderView> {
  const { reads, payments } = deps;
  const { scope } = context;
  const found = (await reads.findState(orderId, { scope })) ?? notFound();
  if (!canMove(found.state, 'paid')) refuse(found.state, 'paid');

  const key = `${Id.encode(orderId)}:${token}`;
  const authorised = await payments.authorise({ key, amount: found.total, token });
  if (authorised.outcome === 'declined') {
    throw new Problem(paymentDeclined, 'The payment provider declined', { reason: authorised.reason });
  }
  const payment: OrderPayment = { provider: payments.provider, reference: authorised.reference, state: 'captured' };
  await payments.capture(payment.reference, found.total);
  try {
    return await settle(deps, context, orderId, payment);
  } catch (error) {
    // Only where it is certain that nothing was settled: after a lost reply the money may be rightly ours.
    if (isRefusal(error)) await payments.refund(payment.reference, found.total);
    throw error;
  }
}

function settle(deps: Deps, context: UserContext, orderId: Id, payment: OrderPayment): Promise<OrderView> {
  return deps.transact(context, async (access) => {
    const found = (await deps.reads.findState(orderId, access)) ?? notFound();
    if (isPaidBy(found, payment)) return (await deps.reads.findView(orderId, access)) ?? notFound();
    return moveFound(deps, context, found, { to: 'paid', payment }, access);
  });
}

/** A repetition of this payment was faster. */
const isPaidBy = ({ state, payment }: FoundState, { reference }: OrderPayment): boolean =>
  state === 'paid' && payment?.reference === reference;

const isRefusal = (error: unknown): boolean => error instanceof Problem && error.kind === transitionRefused;

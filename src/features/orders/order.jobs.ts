import { z } from 'zod';
import type { JobContract } from '../../platform/queue/job.ts';
import { Id } from '../../shared/ids.ts';

export const OrderRef = z.strictObject({ merchantId: Id, orderId: Id });
export type OrderRef = z.output<typeof OrderRef>;

/** Each is done once per order, so that the order's id makes the job's. */
function orderJob(queue: string, name: string): JobContract<typeof OrderRef> {
  return {
    queue,
    name,
    payload: OrderRef,
    idOf: ({ orderId }) => `${name}-${Id.encode(orderId)}`,
  };
}

export const sendConfirmation = orderJob('email', 'order.send-confirmation');
export const sendCancellation = orderJob('email', 'order.send-cancellation');
export const refundPayment = orderJob('payments', 'order.refund-payment');

import type { Letter, SendOnce } from '../../platform/mail/letter.ts';
import { jobHandler, type JobHandler } from '../../platform/queue/job.ts';
import { Id } from '../../shared/ids.ts';
import { refundPayment, sendCancellation, sendConfirmation, type OrderRef } from './order.jobs.ts';
import { cancellationMail, confirmationMail, type OrderMailFacts } from './order.mails.ts';
import type { OrderReads } from './order.reads.ts';
import type { OrderService } from './order.service.ts';
import { lookOf, type Customers, type Stores } from './surroundings.ts';

export interface OrderMailDeps {
  readonly reads: Pick<OrderReads, 'findView'>;
  readonly customers: Customers;
  readonly stores: Stores;
  readonly sendOnce: SendOnce;
}

/** For the `email` worker: what customers hear of their orders. */
export const orderMailJobs = (deps: OrderMailDeps): readonly JobHandler[] => [
  mailJob(sendConfirmation, confirmationMail, deps),
  mailJob(sendCancellation, cancellationMail, deps),
];

/** For the `payments` worker. */
export const paymentJobs = (orders: Pick<OrderService, 'refund'>): readonly JobHandler[] => [
  jobHandler({
    contract: refundPayment,
    handle: ({ merchantId, orderId }) => orders.refund({ kind: 'merchant', merchantId }, orderId),
  }),
];

function mailJob(
  contract: typeof sendConfirmation,
  letterOf: (facts: OrderMailFacts) => Letter,
  deps: OrderMailDeps,
): JobHandler {
  return jobHandler({
    contract,
    async handle(payload, signal) {
      const facts = await factsOf(payload, deps);
      if (facts === undefined) return;
      await deps.sendOnce({ ...letterOf(facts), to: facts.customerEmail }, contract.idOf(payload), signal);
    },
  });
}

/** What the mail tells, as it is now; undefined when somebody was erased in the meantime: there is nobody to write to. */
async function factsOf(
  { merchantId, orderId }: OrderRef,
  { reads, customers, stores }: OrderMailDeps,
): Promise<(OrderMailFacts & { readonly customerEmail: string }) | undefined> {
  const order = await reads.findView(orderId, { scope: { kind: 'merchant', merchantId } });
  const store = await stores.findStore(merchantId);
  if (order === undefined || store === undefined) return undefined;
  const customer = (await customers.findCards([Id.decode(order.customerId)])).get(order.customerId);
  if (customer === undefined) return undefined;
  return { order, look: lookOf(store, customer), customerName: customer.name, customerEmail: customer.email };
}

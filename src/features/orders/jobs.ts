import { lookOf } from '../../platform/mail/brand.ts';
import type { Letter, SendOnce } from '../../platform/mail/letter.ts';
import type { Transact } from '../../platform/database/transaction.ts';
import type { Effects } from '../../platform/queue/effects.ts';
import { jobHandler, type JobContract, type JobHandler } from '../../platform/queue/job.ts';
import type { SmsToSend } from '../../platform/queue/outlets.ts';
import type { QueueService } from '../../platform/queue/queue.service.ts';
import { Id } from '../../shared/ids.ts';
import { refundPayment, sendCancellation, sendConfirmation, OrderRef } from './order.jobs.ts';
import { cancellationMail, confirmationMail, type OrderMailFacts } from './order.mails.ts';
import type { OrderReads } from './order.reads.ts';
import { cancellationText, confirmationText, type OrderTextFacts } from './order.sms.ts';
import type { OrderService } from './order.service.ts';
import type { Addressee, Customers, Stores } from './surroundings.ts';

export interface OrderMailDeps {
  readonly reads: Pick<OrderReads, 'findView'>;
  readonly customers: Pick<Customers, 'findAddressee'>;
  readonly stores: Stores;
  readonly sendOnce: SendOnce;
  readonly transact: Transact;
  readonly effects: Pick<Effects, 'claim'>;
  readonly queue: Pick<QueueService, 'sendSMS'>;
}

/** For the `email` worker: what customers hear of their orders. */
export const orderMailJobs = (deps: OrderMailDeps): readonly JobHandler[] => [
  messageJob({ contract: sendConfirmation, letter: confirmationMail, text: confirmationText }, deps),
  messageJob({ contract: sendCancellation, letter: cancellationMail, text: cancellationText }, deps),
];

/** For the `payments` worker. */
export const paymentJobs = (orders: Pick<OrderService, 'refund'>): readonly JobHandler[] => [
  jobHandler({
    contract: refundPayment,
    handle: ({ merchantId, orderId }) => orders.refund({ kind: 'merchant', merchantId }, orderId),
  }),
];

/** A message to the customer in each of its forms. */
interface Message {
  readonly contract: JobContract<typeof OrderRef>;
  readonly letter: (facts: OrderMailFacts) => Letter;
  readonly text: (facts: OrderTextFacts) => string;
}

/** Mail and text message each once, and neither waits for the other: one provider may be away. */
function messageJob({ contract, letter, text }: Message, deps: OrderMailDeps): JobHandler {
  return jobHandler({
    contract,
    async handle(payload, signal) {
      const facts = await factsOf(payload, deps);
      if (facts === undefined) return;
      const { email, textsTo } = facts.customer;
      const effectId = contract.idOf(payload);
      const outcomes = await Promise.allSettled([
        deps.sendOnce({ ...letter(facts), to: email }, effectId, signal),
        textsTo === null ? undefined : textOnce(deps, payload, `${effectId}.text`, { to: textsTo, text: text(facts) }),
      ]);
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    },
  });
}

/** Asks for the text message in the transaction that notes that it was asked for. */
async function textOnce(
  { transact, effects, queue }: OrderMailDeps,
  { merchantId, orderId }: OrderRef,
  effectId: string,
  sms: Pick<SmsToSend, 'text' | 'to'>,
): Promise<void> {
  const context = { scope: { kind: 'merchant', merchantId } } as const;
  await transact(context, async (access) => {
    if (!(await effects.claim(effectId, access))) return;
    await queue.sendSMS({ ...sms, merchantId, reference: `order ${Id.encode(orderId)}` }, { context, access });
  });
}

/** What the message tells, as it is now; undefined when somebody was erased in the meantime: there is nobody to write to. */
async function factsOf(
  { merchantId, orderId }: OrderRef,
  { reads, customers, stores }: OrderMailDeps,
): Promise<(OrderMailFacts & { readonly customer: Addressee }) | undefined> {
  const order = await reads.findView(orderId, { scope: { kind: 'merchant', merchantId } });
  const store = await stores.findStore(merchantId);
  if (order === undefined || store === undefined) return undefined;
  const customer = await customers.findAddressee(Id.decode(order.customerId));
  if (customer === undefined) return undefined;
  return { order, look: lookOf(store, customer.locale), customerName: customer.name, customer };
}

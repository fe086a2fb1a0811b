import { asSystem } from '../../platform/database/scoped.ts';
import type { Transact } from '../../platform/database/transaction.ts';
import type { AppendEvent } from '../../platform/outbox/event.ts';
import type { SmsToSend, Within } from '../../platform/queue/outlets.ts';
import { countParts } from '../../platform/sms/parts.ts';
import { phoneNumberOf } from '../../platform/sms/phone.ts';
import type { SmsReceipt } from '../../platform/sms/receipt.ts';
import { newId, type Id } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import type { Now } from '../../shared/time.ts';
import { smsRequested } from './sms.events.ts';
import type { TextMessage } from './sms.model.ts';
import { phoneNotValid } from './sms.problems.ts';
import type { SmsStore } from './sms.store.ts';

export interface SmsDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly store: Pick<SmsStore, 'applyReceipt' | 'insert'>;
  readonly now: Now;
}

/** A longer text would cost a lot, and phones show it in pieces. */
const MAX_PARTS = 10;

/** What can be done with text messages, apart from sending them, which workers do. */
export class SmsService {
  readonly #deps: SmsDeps;

  constructor(deps: SmsDeps) {
    this.#deps = deps;
  }

  /**
   * Has a text message sent, once. It is stored; the job carries its id.
   * @param within the transaction it belongs to; one of its own otherwise
   * @returns the message's id
   * @throws Problem `phone-not-valid`; RangeError for a text that is empty or longer than ten parts
   */
  async request(sms: SmsToSend, within?: Within): Promise<Id> {
    const message = await this.#messageOf(sms);
    if (within !== undefined) return this.#insert(message, within);
    const { merchantId } = sms;
    const scope =
      merchantId === undefined ? asSystem('text message').scope : ({ kind: 'merchant', merchantId } as const);
    return this.#deps.transact({ scope }, (access) => this.#insert(message, { context: { scope }, access }));
  }

  /** Takes note of what a provider reports of a message. */
  async receive(smsId: Id, receipt: SmsReceipt): Promise<void> {
    await this.#deps.store.applyReceipt(smsId, receipt, this.#deps.now());
  }

  async #messageOf({ to, text, merchantId, reference }: SmsToSend): Promise<TextMessage> {
    const number = await phoneNumberOf(to);
    if (number === undefined) throw new Problem(phoneNotValid, 'Write it with its country: +49 151 12345678');
    const { parts } = countParts(text);
    if (text === '' || parts > MAX_PARTS) throw new RangeError(`A text message has 1 to ${String(MAX_PARTS)} parts`);
    const at = this.#deps.now();
    return {
      _id: newId(),
      merchantId: merchantId ?? null,
      to: number,
      text,
      parts,
      reference: reference ?? null,
      state: 'queued',
      providerId: null,
      errorCode: null,
      countedAt: null,
      attemptedAt: null,
      requestedAt: at,
      updatedAt: at,
    };
  }

  async #insert(message: TextMessage, { context, access }: Within): Promise<Id> {
    const { store, appendEvent } = this.#deps;
    await store.insert(message, { ...asSystem('text message', access.session) });
    await appendEvent(context, smsRequested(message._id), access);
    return message._id;
  }
}

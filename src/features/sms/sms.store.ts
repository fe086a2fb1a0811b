import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem, type Access } from '../../platform/database/scoped.ts';
import { BEFORE, type SmsReceipt, type SmsState } from '../../platform/sms/receipt.ts';
import type { Id } from '../../shared/ids.ts';
import type { TextMessage } from './sms.model.ts';

const access = asSystem('text messages');

/** Text messages as they are written, each by a single atomic operation, and read by whoever sends them. */
export class SmsStore {
  readonly #messages: ScopedModel<TextMessage>;

  constructor(messages: ScopedModel<TextMessage>) {
    this.#messages = messages;
  }

  async insert(message: TextMessage, within: Access): Promise<void> {
    await this.#messages.create([message], within);
  }

  /** A message that no provider is known to have. */
  async findToSend(_id: Id): Promise<TextMessage | undefined> {
    const unsent = { _id, state: 'queued' as const, providerId: null };
    return (await this.#messages.findOne(unsent, null, access).lean<TextMessage>()) ?? undefined;
  }

  /** Those of the provider's ids that are messages of ours, which therefore are no lost ones. */
  async findKnown(providerIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#messages
      .find({ providerId: { $in: [...providerIds] } }, { providerId: 1 }, access)
      .limit(providerIds.length)
      .lean<Pick<TextMessage, 'providerId'>[]>();
    return new Set(rows.flatMap(({ providerId }) => providerId ?? []));
  }

  async markCounted(_id: Id, at: Date): Promise<void> {
    await this.#messages.updateOne({ _id }, { $set: { countedAt: at, updatedAt: at } }, access);
  }

  /** Notes that an attempt begins, or with null that none has an outcome that is not known. */
  async markAttempted(_id: Id, at: Date | null): Promise<void> {
    await this.#messages.updateOne({ _id }, { $set: { attemptedAt: at } }, access);
  }

  /** A receipt may have been faster, and then has told more. */
  async markTaken(_id: Id, taken: { providerId: string; state: SmsState }, at: Date): Promise<void> {
    const change = { ...taken, text: null, attemptedAt: null, updatedAt: at };
    await this.#messages.updateOne({ _id, providerId: null }, { $set: change }, access);
  }

  async markFailed(_id: Id, errorCode: string, at: Date): Promise<void> {
    const open = { _id, state: { $in: [...BEFORE.failed] } };
    const change = { state: 'failed' as const, errorCode, text: null, attemptedAt: null, updatedAt: at };
    await this.#messages.updateOne(open, { $set: change }, access);
  }

  /**
   * Takes note of what the provider reports. Only forward: one that comes twice or late changes nothing. Tells also that
   * the provider has the message, which whoever sent it may not have heard.
   */
  async applyReceipt(_id: Id, { providerId, state, errorCode }: SmsReceipt, at: Date): Promise<void> {
    const moves = { _id, providerId: { $in: [null, providerId] }, state: { $in: [...BEFORE[state], state] } };
    const change = { providerId, state, errorCode, text: null, attemptedAt: null, updatedAt: at };
    await this.#messages.updateOne(moves, { $set: change }, access);
  }
}

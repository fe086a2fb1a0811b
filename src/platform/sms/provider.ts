import { PermanentFailure } from '../queue/job.ts';

/** A text message on its way out. */
export interface OutgoingSms {
  /** E.164. */
  readonly to: string;
  readonly text: string;
  /** Where the provider is to tell how it fared. */
  readonly receiptUrl: string;
}

/** Who carries text messages to phones. */
export interface SmsProvider {
  readonly name: string;
  /** How a message fares that was handed over: where no receipts come, it is as good as sent. */
  readonly taken: 'queued' | 'sent';
  /**
   * Hands over a message.
   * @returns the provider's id of it
   * @throws SmsRefused for what no repetition can mend; SmsNotTaken when it is certain that the message was not taken;
   * anything else when that is not known
   */
  send(sms: OutgoingSms, signal: AbortSignal): Promise<string>;
  /** The ids of messages with this number and text that were handed over since; for attempts that were never answered. */
  findSent(sms: Pick<OutgoingSms, 'text' | 'to'>, since: Date, signal: AbortSignal): Promise<readonly string[]>;
}

/** The provider refuses the message for good: no such number, or one that wants to hear nothing. */
export class SmsRefused extends PermanentFailure {
  /** The provider's code of it. */
  readonly code: string;

  constructor(code: string) {
    super(`The provider refuses this message: ${code}`);
    this.code = code;
  }
}

/** The provider did not take the message, and may take it later. */
export class SmsNotTaken extends Error {
  override readonly name = 'SmsNotTaken';
  /** Whether the cause is the provider's, whatever the message. */
  readonly isOutage: boolean;
  /** When the provider wants to be asked again, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(cause: string, options: { readonly isOutage: boolean; readonly retryAfterMs?: number | undefined }) {
    super(`The provider did not take this message: ${cause}`);
    this.isOutage = options.isOutage;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Nobody knows whether the provider took the message: the line broke, or the answer makes no sense. */
export class SmsFateUnknown extends Error {
  override readonly name = 'SmsFateUnknown';
}

/** Whether all messages would fare like this one: the provider is away, too slow, or refuses us. */
export function isSmsOutage(error: unknown): boolean {
  return error instanceof SmsFateUnknown || (error instanceof SmsNotTaken && error.isOutage);
}

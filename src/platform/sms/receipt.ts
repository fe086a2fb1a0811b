/** How a message fares, as providers report it. What is final stays. */
export const SMS_STATES = ['queued', 'sent', 'delivered', 'undelivered', 'failed'] as const;
export type SmsState = (typeof SMS_STATES)[number];

/** A provider's report on one message. */
export interface SmsReceipt {
  readonly providerId: string;
  readonly state: SmsState;
  /** Why it did not arrive, in the provider's code. */
  readonly errorCode: string | null;
}

/** From which states each may follow: only forward, so that reports may come twice and in any order. */
export const BEFORE: Readonly<Record<SmsState, readonly SmsState[]>> = {
  queued: [],
  sent: ['queued'],
  delivered: ['queued', 'sent'],
  undelivered: ['queued', 'sent'],
  failed: ['queued', 'sent'],
};

const TWILIO_STATES: Readonly<Record<string, SmsState>> = {
  accepted: 'queued',
  scheduled: 'queued',
  queued: 'queued',
  sending: 'queued',
  sent: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  undelivered: 'undelivered',
  failed: 'failed',
  canceled: 'failed',
};

/** What Twilio reports of a message; undefined for a report that says nothing to us. */
export function twilioReceipt({ MessageSid, MessageStatus, ErrorCode }: Readonly<Record<string, string>>) {
  const state = TWILIO_STATES[MessageStatus ?? ''];
  if (MessageSid === undefined || MessageSid === '' || state === undefined) return undefined;
  const errorCode = ErrorCode === undefined || ErrorCode === '' ? null : ErrorCode;
  return { providerId: MessageSid.slice(0, 64), state, errorCode } satisfies SmsReceipt;
}

import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import { SMS_STATES, type SmsState } from '../../platform/sms/receipt.ts';
import type { Id } from '../../shared/ids.ts';
import { DAY_SECONDS } from '../../shared/time.ts';

/** A text message from being asked for until some time after it arrived. */
export interface TextMessage {
  _id: Id;
  /** Null for those of the platform itself. */
  merchantId: Id | null;
  /** E.164. */
  to: string;
  /** Dropped once it has left: codes in it must not lie about. */
  text: string | null;
  /** How many messages are paid for. */
  parts: number;
  /** What it is about, as whoever asked for it names it. */
  reference: string | null;
  state: SmsState;
  /** The provider's id; null until it is known that the provider has it. */
  providerId: string | null;
  /** Why it did not arrive. */
  errorCode: string | null;
  /** When it was counted against the caps. */
  countedAt: Date | null;
  /** Of the first attempt whose outcome nobody knows. */
  attemptedAt: Date | null;
  requestedAt: Date;
  updatedAt: Date;
}

/** How much was sent to somebody, or by somebody, in one window of time. */
export interface TextMessageCount {
  /** Who and when; a number in it is hashed. */
  _id: string;
  count: number;
  /** When somebody was told that it is used up. */
  toldAt: Date | null;
  expiresAt: Date;
}

const KEPT_SECONDS = 30 * DAY_SECONDS;

export const textMessages = storedCollection<TextMessage>({
  name: 'TextMessage',
  collection: 'text_messages',
  fields: {
    merchantId: { type: Schema.Types.ObjectId, default: null, immutable: true },
    to: { type: String, required: true },
    text: { type: String, default: null },
    parts: { type: Number, required: true, min: 1 },
    reference: { type: String, default: null },
    state: { type: String, enum: SMS_STATES, required: true },
    providerId: { type: String, default: null },
    errorCode: { type: String, default: null },
    countedAt: { type: Date, default: null },
    attemptedAt: { type: Date, default: null },
    requestedAt: { type: Date, required: true, immutable: true },
    updatedAt: { type: Date, required: true },
  },
  scopes: { merchant: ({ merchantId }) => ({ merchantId }), system: () => ({}) },
  indexes: [
    {
      name: 'provider_message',
      serves: 'SmsStore.findKnown: which of the messages at the provider are ours already',
      key: { providerId: 1 },
    },
    { name: 'requested', serves: 'removal after 30 days', key: { requestedAt: 1 }, expireAfterSeconds: KEPT_SECONDS },
  ],
});

export const textMessageCounts = storedCollection<TextMessageCount>({
  name: 'TextMessageCount',
  collection: 'text_message_counts',
  fields: {
    _id: { type: String, required: true },
    count: { type: Number, required: true },
    toldAt: { type: Date, default: null },
    expiresAt: { type: Date, required: true },
  },
  scopes: { system: () => ({}) },
  indexes: [
    { name: 'expiry', serves: 'removal of windows that are over', key: { expiresAt: 1 }, expireAfterSeconds: 0 },
  ],
});

import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';

export const LETTER_KINDS = ['verify-email', 'reset-password', 'sign-up-repeated'] as const;
export type LetterKind = (typeof LETTER_KINDS)[number];

/**
 * A mail about an account that somebody asked for. Its text, and the token of its link, follow from this row when it
 * is sent: nothing in the database opens an account.
 */
export interface AccountLetter {
  _id: Id;
  kind: LetterKind;
  /** Null where the address belongs to nobody: nothing is sent then, and nobody can tell. */
  userId: Id | null;
  createdAt: Date;
  /** Until then its link works. */
  expiresAt: Date;
  usedAt: Date | null;
}

export const letters = storedCollection<AccountLetter>({
  name: 'AccountLetter',
  collection: 'account_letters',
  fields: {
    _id: { type: Schema.Types.ObjectId, required: true },
    kind: { type: String, enum: LETTER_KINDS, required: true, immutable: true },
    userId: { type: Schema.Types.ObjectId, default: null, immutable: true },
    createdAt: { type: Date, required: true, immutable: true },
    expiresAt: { type: Date, required: true, immutable: true },
    usedAt: { type: Date, default: null },
  },
  scopes: { system: () => ({}) },
  indexes: [
    {
      name: 'unused_letters_of_user',
      serves: 'LetterStore.closeAllOf: the links of one kind that still work',
      key: { userId: 1, kind: 1, usedAt: 1 },
    },
    {
      name: 'expired_letters',
      serves: 'removal of letters whose links have ended',
      key: { expiresAt: 1 },
      expireAfterSeconds: 0,
    },
  ],
});

import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';

/** A phone number that somebody says is theirs, until they have typed the code that was sent to it. */
export interface PhoneProof {
  /** The user: a number that is asked for later takes the place of an earlier one. */
  _id: Id;
  /** E.164. */
  number: string;
  codeDigest: string;
  /** How many more codes may be tried. */
  triesLeft: number;
  expiresAt: Date;
}

export const phoneProofs = storedCollection<PhoneProof>({
  name: 'PhoneProof',
  collection: 'phone_proofs',
  fields: {
    _id: { type: Schema.Types.ObjectId, required: true },
    number: { type: String, required: true },
    codeDigest: { type: String, required: true },
    triesLeft: { type: Number, required: true },
    expiresAt: { type: Date, required: true },
  },
  scopes: { system: () => ({}) },
  indexes: [
    {
      name: 'expired_proofs',
      serves: 'removal of codes that were not typed in time',
      key: { expiresAt: 1 },
      expireAfterSeconds: 0,
    },
  ],
});

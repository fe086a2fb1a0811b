import { storedCollection } from '../database/collection.ts';

/** One request with an `Idempotency-Key`: first a lock, then the answer to replay. */
export interface KeptAnswer {
  /** Hash of tenant, actor, route and key. */
  _id: string;
  /** Hash of what was asked: the same key with another body is a mistake of the caller. */
  fingerprint: string;
  /** Who works on it. Whoever takes it over changes this, and the one before can keep nothing any more. */
  holder: string;
  /** When its holder is given up. */
  lockedUntil: Date;
  /** The answer as JSON, or null while it is worked on. A text, so that the replay is the same byte by byte. */
  answer: string | null;
  expiresAt: Date;
}

export const keptAnswers = storedCollection<KeptAnswer>({
  name: 'KeptAnswer',
  collection: 'idempotency_keys',
  fields: {
    _id: { type: String, required: true },
    fingerprint: { type: String, required: true },
    holder: { type: String, required: true },
    lockedUntil: { type: Date, required: true },
    answer: { type: String, default: null },
    expiresAt: { type: Date, required: true },
  },
  // The tenant is part of the id: a key of one finds nothing of another.
  scopes: { system: () => ({}) },
  indexes: [{ name: 'expiry', serves: 'removal after 24 hours', key: { expiresAt: 1 }, expireAfterSeconds: 0 }],
});

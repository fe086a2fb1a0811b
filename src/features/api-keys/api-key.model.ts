import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';

/** A program's way into a store. It is the store's, and stays when whoever made it leaves. */
export interface ApiKey {
  _id: Id;
  merchantId: Id;
  name: string;
  /** The beginning of the secret, to know it again by. */
  prefix: string;
  /** All that is kept of the secret: it has 256 random bits, so that a plain digest leaves nothing to guess. */
  digest: string;
  /** The rights of endpoints that it may call. */
  scopes: string[];
  createdBy: Id;
  createdAt: Date;
  /** Roughly: noted once in a while. */
  lastUsedAt: Date | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
  /** When it is of interest to nobody any more; null while it has no end. */
  removeAt: Date | null;
}

export const apiKeys = storedCollection<ApiKey>({
  name: 'ApiKey',
  collection: 'apiKeys',
  fields: {
    _id: { type: Schema.Types.ObjectId, required: true },
    merchantId: { type: Schema.Types.ObjectId, required: true, immutable: true },
    name: { type: String, required: true },
    prefix: { type: String, required: true, immutable: true },
    digest: { type: String, required: true, immutable: true },
    scopes: { type: [String], required: true, immutable: true },
    createdBy: { type: Schema.Types.ObjectId, required: true, immutable: true },
    createdAt: { type: Date, required: true, immutable: true },
    lastUsedAt: { type: Date, default: null },
    expiresAt: { type: Date, default: null, immutable: true },
    revokedAt: { type: Date, default: null },
    removeAt: { type: Date, default: null },
  },
  scopes: { merchant: ({ merchantId }) => ({ merchantId }), system: () => ({}) },
  indexes: [
    {
      name: 'api_key_of_digest',
      serves: 'ApiKeyReads.findByDigest, at calls by a key',
      key: { digest: 1 },
      unique: true,
    },
    {
      name: 'api_keys_of_store',
      serves: 'ApiKeyReads.findPage',
      key: { merchantId: 1, createdAt: -1, _id: -1 },
    },
    {
      name: 'ended_api_keys',
      serves: 'removal of keys that ended long ago',
      key: { removeAt: 1 },
      expireAfterSeconds: 0,
    },
  ],
});

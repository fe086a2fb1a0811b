import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';

/**
 * One sign-in and all refresh tokens that descend from it. Only the newest of them is good, so one digest is enough
 * to know a reused one: any other.
 */
export interface Session {
  _id: Id;
  userId: Id;
  tokenDigest: string;
  startedAt: Date;
  refreshedAt: Date;
  /** From then on it cannot be refreshed. Moves on with each refresh. */
  expiresAt: Date;
  endedAt: Date | null;
}

export const sessions = storedCollection<Session>({
  name: 'Session',
  collection: 'sessions',
  fields: {
    _id: { type: Schema.Types.ObjectId, required: true },
    userId: { type: Schema.Types.ObjectId, required: true, immutable: true },
    tokenDigest: { type: String, required: true },
    startedAt: { type: Date, required: true, immutable: true },
    refreshedAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    endedAt: { type: Date, default: null },
  },
  scopes: { user: ({ userId }) => ({ userId }), system: () => ({}) },
  indexes: [
    {
      name: 'open_sessions_of_user',
      serves: 'SessionStore.endAllOf: those of a user that have not ended',
      key: { userId: 1, endedAt: 1 },
    },
    {
      name: 'expired_sessions',
      serves: 'removal of sessions that nobody can refresh any more',
      key: { expiresAt: 1 },
      expireAfterSeconds: 0,
    },
  ],
});

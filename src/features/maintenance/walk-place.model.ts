import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';
import type { Findings } from '../../shared/walk.ts';

/** How far the walk of a task was when it was last heard of. There is none for one that went to its end. */
export interface WalkPlace {
  /** The task's name. */
  _id: string;
  after: Id;
  /** What was found on the way there. */
  findings: Findings;
  /** From then on it is forgotten, and the walk begins anew. */
  expiresAt: Date;
}

export const walkPlaces = storedCollection<WalkPlace>({
  name: 'WalkPlace',
  collection: 'maintenance_walks',
  fields: {
    _id: { type: String, required: true },
    after: { type: Schema.Types.ObjectId, required: true },
    findings: { type: Schema.Types.Mixed, required: true },
    expiresAt: { type: Date, required: true },
  },
  scopes: { system: () => ({}) },
  indexes: [{ name: 'expiry', serves: 'removal of places of long ago', key: { expiresAt: 1 }, expireAfterSeconds: 0 }],
});

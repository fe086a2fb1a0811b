import { Schema } from 'mongoose';
import { storedCollection, type ScopedModel } from '../../platform/database/collection.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import { DAY_MS, type Now } from '../../shared/time.ts';
import type { Walk } from '../../shared/walk.ts';

/** How far the walk of a task was when it was last heard of. There is none for one that went to its end. */
export interface WalkPlace {
  /** The task's name. */
  _id: string;
  after: Id;
  /** From then on it is forgotten, and the walk begins anew. */
  expiresAt: Date;
}

export const walkPlaces = storedCollection<WalkPlace>({
  name: 'WalkPlace',
  collection: 'maintenance_walks',
  fields: {
    _id: { type: String, required: true },
    after: { type: Schema.Types.ObjectId, required: true },
    expiresAt: { type: Date, required: true },
  },
  scopes: { system: () => ({}) },
  indexes: [{ name: 'expiry', serves: 'removal of places of long ago', key: { expiresAt: 1 }, expireAfterSeconds: 0 }],
});

/** What was looked at longer ago than this may as well be looked at again. */
const KEPT_MS = 7 * DAY_MS;

const access = asSystem('maintenance');

export interface WalkPlacesDeps {
  readonly places: ScopedModel<WalkPlace>;
  readonly now: Now;
}

/** Keeps the places of walks, so that one that a restart has cut off goes on where it was. */
export class WalkPlaces {
  readonly #places: ScopedModel<WalkPlace>;
  readonly #now: Now;

  constructor({ places, now }: WalkPlacesDeps) {
    this.#places = places;
    this.#now = now;
  }

  async walkOf(_id: string): Promise<Walk> {
    const kept = { _id, expiresAt: { $gt: this.#now() } };
    const place = await this.#places.findOne(kept, { after: 1 }, access).lean<Pick<WalkPlace, 'after'>>();
    return {
      after: place?.after,
      passed: async (after) => {
        const expiresAt = new Date(this.#now().getTime() + KEPT_MS);
        await this.#places.updateOne({ _id }, { $set: { after, expiresAt } }, { ...access, upsert: true });
      },
    };
  }

  /** The walk has come to its end: the next one begins anew. */
  async ended(_id: string): Promise<void> {
    await this.#places.deleteOne({ _id }, access);
  }
}

import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { DAY_MS, type Now } from '../../shared/time.ts';
import type { Walk } from '../../shared/walk.ts';
import type { WalkPlace } from './walk-place.model.ts';

/** What was looked at longer ago than this may as well be looked at again. */
const KEPT_MS = 7 * DAY_MS;

const access = asSystem('maintenance');

export interface WalkPlaceDeps {
  readonly places: ScopedModel<WalkPlace>;
  readonly now: Now;
}

/** Keeps the places of walks, so that one that a restart has cut off goes on where it was. */
export class WalkPlaceStore {
  readonly #places: ScopedModel<WalkPlace>;
  readonly #now: Now;

  constructor({ places, now }: WalkPlaceDeps) {
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

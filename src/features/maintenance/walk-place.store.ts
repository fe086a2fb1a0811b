import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { DAY_MS, type Now } from '../../shared/time.ts';
import type { Findings, Walk } from '../../shared/walk.ts';
import type { WalkPlace } from './walk-place.model.ts';

/** What was looked at longer ago than this may as well be looked at again. */
const KEPT_MS = 7 * DAY_MS;

const access = asSystem('maintenance');

/** A walk that may have begun in an earlier run. */
export interface KeptWalk extends Walk {
  /** What all its runs have found together, on the way to the place that is kept. */
  readonly found: Findings;
}

export interface WalkPlaceDeps {
  readonly places: ScopedModel<WalkPlace>;
  readonly now: Now;
}

/** Keeps the places of walks, so that one that a restart has cut off goes on where it was, with what it has found. */
export class WalkPlaceStore {
  readonly #places: ScopedModel<WalkPlace>;
  readonly #now: Now;

  constructor({ places, now }: WalkPlaceDeps) {
    this.#places = places;
    this.#now = now;
  }

  async walkOf(_id: string): Promise<KeptWalk> {
    const kept = { _id, expiresAt: { $gt: this.#now() } };
    const place = await this.#places.findOne(kept, null, access).lean<WalkPlace>();
    const before = place?.findings ?? {};
    let found = before;
    return {
      after: place?.after,
      get found() {
        return found;
      },
      passed: async (after, run) => {
        const findings = addUp(before, run);
        const expiresAt = new Date(this.#now().getTime() + KEPT_MS);
        await this.#places.updateOne({ _id }, { $set: { after, findings, expiresAt } }, { ...access, upsert: true });
        found = findings;
      },
    };
  }

  /** The walk has come to its end: the next one begins anew. */
  async ended(_id: string): Promise<void> {
    await this.#places.deleteOne({ _id }, access);
  }
}

/** Of all runs together. */
export function addUp(before: Findings, run: Findings): Findings {
  return {
    ...before,
    ...Object.fromEntries(Object.entries(run).map(([what, count]) => [what, count + (before[what] ?? 0)])),
  };
}

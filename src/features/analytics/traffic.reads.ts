import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { Rollup, Trend, Unit } from './analytics.model.ts';

export type TrafficRow = Pick<Rollup, 'count' | 'slot' | 'type'>;

/** Reads of what was rolled up. */
export class TrafficReads {
  readonly #rollups: ScopedModel<Rollup>;
  readonly #trends: ScopedModel<Trend>;

  constructor(rollups: ScopedModel<Rollup>, trends: ScopedModel<Trend>) {
    this.#rollups = rollups;
    this.#trends = trends;
  }

  /** How often what happened in a store, from a slot on until another. No row where nothing did. */
  async findSeries(unit: Unit, from: string, until: string, access: Access): Promise<TrafficRow[]> {
    const rows = { unit, subjectId: null, slot: { $gte: from, $lt: until } };
    return this.#rollups.find(rows, { slot: 1, type: 1, count: 1 }, access).lean<TrafficRow[]>();
  }

  /** The products of a store that are wanted most, the hottest first. */
  async findHottest(merchantId: Id, limit: number, access: Access): Promise<Pick<Trend, '_id' | 'score'>[]> {
    return this.#trends
      .find({ merchantId }, { score: 1 }, access)
      .sort({ score: -1, _id: 1 })
      .limit(limit)
      .lean<Pick<Trend, '_id' | 'score'>[]>();
  }
}

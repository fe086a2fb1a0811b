import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { StockLevel, StockLocation } from './stock.model.ts';

export type ExportedLevel = Pick<StockLevel, 'available' | 'locationId' | 'sku'>;
export type ExportedLocation = Pick<StockLocation, '_id' | 'name'>;

const BATCH = 100;

export interface StockConnections {
  readonly levels: () => Promise<ScopedModel<StockLevel>>;
  readonly locations: () => Promise<ScopedModel<StockLocation>>;
}

/** Stock for reports, on the client for reports. */
export class StockExports {
  readonly #connect: StockConnections;

  /** @param connect the models on the client for reports, which they open when first asked */
  constructor(connect: StockConnections) {
    this.#connect = connect;
  }

  /** All levels, by location and SKU; row by row. */
  async *streamLevels(access: Access): AsyncGenerator<ExportedLevel> {
    const levels = await this.#connect.levels();
    yield* levels
      .find({}, { locationId: 1, sku: 1, available: 1 }, access)
      .sort({ locationId: 1, sku: 1 })
      .lean<ExportedLevel[]>()
      .cursor({ batchSize: BATCH });
  }

  async countLevels(access: Access): Promise<number> {
    return (await this.#connect.levels()).countDocuments({}, access);
  }

  /** The oldest locations. */
  async findLocations(limit: number, access: Access): Promise<ExportedLocation[]> {
    const locations = await this.#connect.locations();
    return locations.find({}, { name: 1 }, access).sort({ _id: 1 }).limit(limit).lean<ExportedLocation[]>();
  }
}

import type { ScopedModel } from '../../platform/database/collection.ts';
import { paginateCursor } from '../../platform/database/pagination.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Cursors } from '../../platform/security/cursors.ts';
import { Id } from '../../shared/ids.ts';
import { JoinedReads } from '../../shared/joined-reads.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import type { MerchantScope } from '../../shared/scope.ts';
import type { StockLevel, StockLocation } from './stock.model.ts';
import type { LocationView, StockView } from './stock.schema.ts';

const WATCHED_FIELDS = { sku: 1, available: 1, lowStockAt: 1, alertedAt: 1, version: 1 } as const;
const MAX_WATCHED = 1_000;

export interface WatchedLevel extends Pick<StockLevel, '_id' | 'alertedAt' | 'available' | 'sku' | 'version'> {
  readonly lowStockAt: number;
}

/** Reads of stock, never cached: they are decided upon. */
export class StockReads {
  readonly #levels: ScopedModel<StockLevel>;
  readonly #locations: ScopedModel<StockLocation>;
  readonly #cursors: Cursors;
  readonly #mainLocations = new JoinedReads<Id | undefined>();

  constructor(levels: ScopedModel<StockLevel>, locations: ScopedModel<StockLocation>, cursors: Cursors) {
    this.#levels = levels;
    this.#locations = locations;
    this.#cursors = cursors;
  }

  /** What lies at a location, by SKU. */
  async findPage(locationId: Id, page: PageQuery, access: Access): Promise<Page<StockView>> {
    const fields = { sku: 1, locationId: 1, available: 1, lowStockAt: 1, version: 1 } as const;
    const question = { list: 'stock.place', filter: { locationId }, fields, sort: { sku: 1 }, page } as const;
    const found = await paginateCursor<StockLevel, StockLevel>(this.#levels, question, this.#cursors, access);
    return { ...found, data: found.data.map(presentStock) };
  }

  async findLevel(locationId: Id, sku: string, access: Access): Promise<StockLevel | undefined> {
    return (await this.#levels.findOne({ locationId, sku }, null, access).lean<StockLevel>()) ?? undefined;
  }

  /** Of some variants of the scope's store, what is watched for running low, at all its locations. */
  async findWatched(skus: readonly string[], access: Access): Promise<readonly WatchedLevel[]> {
    return this.#levels
      .find({ sku: { $in: [...skus] }, lowStockAt: { $gte: 0 } }, WATCHED_FIELDS, access)
      .limit(MAX_WATCHED)
      .lean<WatchedLevel[]>();
  }

  async findLocations(page: PageQuery, access: Access): Promise<Page<LocationView>> {
    const fields = { name: 1, createdAt: 1 } as const;
    const question = { list: 'locations', filter: {}, fields, sort: { _id: 1 }, page } as const;
    const found = await paginateCursor<StockLocation, StockLocation>(this.#locations, question, this.#cursors, access);
    return { ...found, data: found.data.map(presentLocation) };
  }

  async hasLocation(_id: Id, access: Access): Promise<boolean> {
    return (await this.#locations.exists({ _id }).setOptions(access)) !== null;
  }

  /** Where a merchant sells from unless an order says otherwise: its oldest location. */
  findMainLocation(scope: MerchantScope): Promise<Id | undefined> {
    return this.#mainLocations.ask(scope.merchantId.toHexString(), async () => {
      const oldest = this.#locations.findOne({}, { _id: 1 }, { scope }).sort({ _id: 1 });
      return (await oldest.lean<{ _id: Id }>())?._id;
    });
  }
}

export function presentStock({ sku, locationId, available, lowStockAt = null, version }: StockLevel): StockView {
  return { sku, locationId: Id.encode(locationId), available, lowStockAt, version };
}

export function presentLocation({ _id, name, createdAt }: StockLocation): LocationView {
  return { id: Id.encode(_id), name, createdAt: createdAt.toISOString() };
}

import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { StockLevel, StockLocation } from './stock.model.ts';
import { tooFew } from './stock.problems.ts';

export interface Quantity {
  readonly sku: string;
  readonly quantity: number;
}

/** What a count has found, and from when on to tell; left out, that stays as it is. */
export interface FoundStock {
  readonly available: number;
  readonly lowStockAt?: number | null;
}

/** Changes of stock. Every taking has its giving back. */
export class StockStore {
  readonly #levels: ScopedModel<StockLevel>;
  readonly #locations: ScopedModel<StockLocation>;

  constructor(levels: ScopedModel<StockLevel>, locations: ScopedModel<StockLocation>) {
    this.#levels = levels;
    this.#locations = locations;
  }

  async insertLocation(location: StockLocation, access: Access): Promise<void> {
    await this.#locations.create([location], access);
  }

  async insertLevel(level: StockLevel, access: Access): Promise<void> {
    await this.#levels.create([level], access);
  }

  /** Sets what a count has found. */
  async set(_id: Id, found: FoundStock, access: Access): Promise<StockLevel | undefined> {
    return this.#update({ _id }, { $set: found, $inc: { version: 1 } }, access);
  }

  /** Notes that people are told of a level that is low. @returns false when somebody was faster, or it has changed */
  async markAlerted({ _id, version }: Pick<StockLevel, '_id' | 'version'>, at: Date, access: Access): Promise<boolean> {
    const unchanged = { _id, version, alertedAt: null };
    return (await this.#levels.updateOne(unchanged, { $set: { alertedAt: at } }, access)).modifiedCount === 1;
  }

  /** Lets people be told again when it next runs low. */
  async rearm({ _id, version }: Pick<StockLevel, '_id' | 'version'>, access: Access): Promise<void> {
    await this.#levels.updateOne({ _id, version }, { $set: { alertedAt: null } }, access);
  }

  /** @returns undefined if there is no such level, or less there than is to be taken away */
  async adjust(_id: Id, change: number, access: Access): Promise<StockLevel | undefined> {
    const filter = change < 0 ? { _id, available: { $gte: -change } } : { _id };
    return this.#update(filter, { $inc: { available: change, version: 1 } }, access);
  }

  /** Takes all or throws `out-of-stock`; meant for a transaction, whose abort puts back what was taken before. */
  async take(locationId: Id, quantities: readonly Quantity[], access: Access): Promise<void> {
    for (const { sku, quantity } of quantities.toSorted(bySku)) {
      const { modifiedCount } = await this.#levels.updateOne(
        { locationId, sku, available: { $gte: quantity } },
        { $inc: { available: -quantity, version: 1 } },
        access,
      );
      if (modifiedCount === 0) throw tooFew(sku, quantity);
    }
  }

  /** The undo of `take`. */
  async giveBack(locationId: Id, quantities: readonly Quantity[], access: Access): Promise<void> {
    for (const { sku, quantity } of quantities.toSorted(bySku)) {
      await this.#levels.updateOne({ locationId, sku }, { $inc: { available: quantity, version: 1 } }, access);
    }
  }

  async #update(filter: object, update: object, access: Access): Promise<StockLevel | undefined> {
    const options = { ...access, returnDocument: 'after' } as const;
    return (await this.#levels.findOneAndUpdate(filter, update, options).lean<StockLevel>()) ?? undefined;
  }
}

/** One order for all writers: two baskets that share SKUs then meet at the first of them, and not crosswise. */
export const bySku = (a: { readonly sku: string }, b: { readonly sku: string }): number => (a.sku < b.sku ? -1 : 1);

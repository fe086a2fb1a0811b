import type { ScopedModel } from '../../platform/database/collection.ts';
import { duplicateKey } from '../../platform/database/failures.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { TransactionAccess } from '../../platform/database/transaction.ts';
import type { Id } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import type { Merchant } from './merchant.model.ts';
import { STORE_FIELDS, type StoreRow } from './merchant.presenter.ts';
import { slugTaken } from './merchant.problems.ts';

export type MerchantChange = Partial<
  Pick<Merchant, 'branding' | 'currency' | 'description' | 'locale' | 'name' | 'timeZone'>
>;

/** Writes of stores, each a single atomic operation. */
export class MerchantStore {
  readonly #merchants: ScopedModel<Merchant>;

  constructor(merchants: ScopedModel<Merchant>) {
    this.#merchants = merchants;
  }

  /** @throws Problem `slug-taken` */
  async insert(merchant: Merchant, access: Access): Promise<void> {
    try {
      await this.#merchants.create([merchant], access);
    } catch (error) {
      if (duplicateKey(error) === undefined) throw error;
      const errors = [{ path: 'body.slug', message: 'is taken' }];
      throw new Problem(slugTaken, `There is a store ${merchant.slug} already`, { errors });
    }
  }

  /** Changes a store if it still is at the version it was found at; undefined if somebody was faster. */
  async change(_id: Id, version: number, change: MerchantChange, access: Access): Promise<StoreRow | undefined> {
    const changed = await this.#merchants
      .findOneAndUpdate(
        { _id, version },
        { $set: change, $inc: { version: 1 } },
        { ...access, projection: STORE_FIELDS, returnDocument: 'after' },
      )
      .lean<StoreRow>();
    return changed ?? undefined;
  }

  /**
   * The currency that something is priced in, and that the store keeps from now on; undefined if there is no such store.
   * In a transaction: a change of the currency at the same moment touches the same document, and one of the two begins
   * anew.
   */
  async fixCurrency(_id: Id, access: TransactionAccess): Promise<string | undefined> {
    const fields = { currency: 1, currencyIsFixed: 1 };
    const store = await this.#merchants.findOne({ _id }, fields, access).lean<Pick<Merchant, keyof typeof fields>>();
    if (store && !store.currencyIsFixed) {
      await this.#merchants.updateOne({ _id }, { $set: { currencyIsFixed: true } }, access);
    }
    return store?.currency;
  }

  async addOwner(_id: Id, access: Access): Promise<void> {
    await this.#merchants.updateOne({ _id }, { $inc: { ownerCount: 1 } }, access);
  }

  /** Counts an owner less, unless it is the last one. @returns whether it did */
  async removeOwner(_id: Id, access: Access): Promise<boolean> {
    const others = { _id, ownerCount: { $gt: 1 } };
    const { modifiedCount } = await this.#merchants.updateOne(others, { $inc: { ownerCount: -1 } }, access);
    return modifiedCount === 1;
  }
}

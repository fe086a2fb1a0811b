import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { MerchantProduct } from './product.model.ts';
import { MANAGED_DETAIL_FIELDS, type ManagedRow } from './product.presenter.ts';

type Changeable = Omit<MerchantProduct, '_id' | 'createdAt' | 'merchantId' | 'version'>;

/** What is to change of a product; what is left out or undefined stays. */
export type ProductChange = { readonly [K in keyof Changeable]?: Changeable[K] | undefined };

/** Writes of products, each a single atomic operation. */
export class ProductStore {
  readonly #products: ScopedModel<MerchantProduct>;

  constructor(products: ScopedModel<MerchantProduct>) {
    this.#products = products;
  }

  async insert(product: MerchantProduct, access: Access): Promise<void> {
    await this.#products.create([product], access);
  }

  /** @returns undefined if there is no such product */
  async change(_id: Id, change: ProductChange, access: Access): Promise<ManagedRow | undefined> {
    const changed = await this.#products
      .findOneAndUpdate(
        { _id },
        { $set: change, $inc: { version: 1 } },
        { ...access, returnDocument: 'after', projection: MANAGED_DETAIL_FIELDS },
      )
      .lean<ManagedRow>();
    return changed ?? undefined;
  }
}

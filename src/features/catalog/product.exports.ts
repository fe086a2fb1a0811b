import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { MerchantProduct } from './product.model.ts';

const FIELDS = { title: 1, category: 1, status: 1, variants: 1 } as const;
export type ExportedProduct = Pick<MerchantProduct, keyof typeof FIELDS>;

const BATCH = 50;

/** Products for reports, on the client for reports. */
export class ProductExports {
  readonly #connect: () => Promise<ScopedModel<MerchantProduct>>;

  /** @param connect the products on the client for reports, which it opens when first asked */
  constructor(connect: () => Promise<ScopedModel<MerchantProduct>>) {
    this.#connect = connect;
  }

  /** The whole catalogue, drafts and archive too, by address; row by row. */
  async *streamAll(access: Access): AsyncGenerator<ExportedProduct> {
    const products = await this.#connect();
    yield* products.find({}, FIELDS, access).sort({ slug: 1 }).lean<ExportedProduct[]>().cursor({ batchSize: BATCH });
  }

  /** The products of some SKUs: at most as many as these. */
  async findOfSkus(skus: readonly string[], access: Access): Promise<ExportedProduct[]> {
    const products = await this.#connect();
    return products
      .find({ 'variants.sku': { $in: [...skus] } }, FIELDS, access)
      .limit(skus.length)
      .lean<ExportedProduct[]>();
  }
}

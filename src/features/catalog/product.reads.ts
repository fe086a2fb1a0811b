import type { QueryFilter } from 'mongoose';
import type { ScopedModel } from '../../platform/database/collection.ts';
import { paginateCursor } from '../../platform/database/pagination.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Cursors } from '../../platform/security/cursors.ts';
import type { Id } from '../../shared/ids.ts';
import { JoinedReads } from '../../shared/joined-reads.ts';
import type { Money } from '../../shared/money.ts';
import type { Page } from '../../shared/page.ts';
import type { MerchantProduct } from './product.model.ts';
import {
  CARD_FIELDS,
  DETAIL_FIELDS,
  MANAGED_CARD_FIELDS,
  MANAGED_DETAIL_FIELDS,
  presentCard,
  presentDetail,
  presentManagedCard,
  presentManagedProduct,
  type CardRow,
  type DetailRow,
  type ManagedCardRow,
  type ManagedRow,
} from './product.presenter.ts';
import { searchPage } from './product.search.ts';
import type {
  ManagedProduct,
  ManagedProductCard,
  ProductCard,
  ProductDetail,
  ProductQuery,
  SearchQuery,
  StorefrontQuery,
} from './product.schema.ts';

/** A variant as it can be bought. */
export interface VariantForSale {
  readonly productId: Id;
  readonly sku: string;
  readonly title: string;
  readonly price: Money;
}

const STATE_FIELDS = {
  merchantId: 1,
  publishedAt: 1,
  title: 1,
  category: 1,
  status: 1,
  variants: 1,
  version: 1,
} as const;
export type ProductState = Pick<MerchantProduct, '_id' | keyof typeof STATE_FIELDS>;

const SORTS = {
  newest: { publishedAt: -1, _id: -1 },
  price: { 'from.amount': 1, _id: 1 },
  '-price': { 'from.amount': -1, _id: -1 },
} as const;

/** Reads of products, each named after its question. Under the public scope they show what is on sale. */
export class ProductReads {
  readonly #products: ScopedModel<MerchantProduct>;
  readonly #cursors: Cursors;
  readonly #forSale = new JoinedReads<ReadonlyMap<string, VariantForSale>>();

  constructor(products: ScopedModel<MerchantProduct>, cursors: Cursors) {
    this.#products = products;
    this.#cursors = cursors;
  }

  async findStorefrontPage(
    merchantId: Id,
    { category, tag, sort, ...page }: StorefrontQuery,
    access: Access,
  ): Promise<Page<ProductCard>> {
    const filter: QueryFilter<MerchantProduct> = {
      merchantId,
      ...(category !== undefined && { category }),
      ...(tag !== undefined && { tags: tag }),
    };
    const question = { list: `products.storefront.${sort}`, filter, fields: CARD_FIELDS, sort: SORTS[sort], page };
    const found = await paginateCursor<MerchantProduct, CardRow>(this.#products, question, this.#cursors, access);
    return { ...found, data: found.data.map(presentCard) };
  }

  async findBySlug(merchantId: Id, slug: string, access: Access): Promise<ProductDetail | undefined> {
    const row = await this.#products.findOne({ merchantId, slug }, DETAIL_FIELDS, access).lean<DetailRow>();
    return row ? presentDetail(row) : undefined;
  }

  /** Of those products, by id, at most a page of them; under the public scope those that are on sale. */
  async findCards(merchantId: Id, ids: readonly Id[], access: Access): Promise<ReadonlyMap<string, ProductCard>> {
    const rows = await this.#products
      .find({ _id: { $in: [...ids] }, merchantId }, CARD_FIELDS, access)
      .limit(ids.length)
      .lean<CardRow[]>();
    return new Map(rows.map((row) => [row._id.toHexString(), presentCard(row)]));
  }

  /** The best matches of a store, best first. */
  search(merchantId: Id, query: SearchQuery, access: Access): Promise<Page<ProductCard>> {
    return searchPage(this.#products, this.#cursors, merchantId, query, access);
  }

  /**
   * Current prices of what a store sells, read from the database: a cached one must not be sold at. A SKU that is not
   * on sale is left out.
   */
  findForSale(merchantId: Id, skus: readonly string[]): Promise<ReadonlyMap<string, VariantForSale>> {
    return this.#forSale.ask(JSON.stringify([merchantId, skus]), () => this.#findForSale(merchantId, skus));
  }

  async #findForSale(merchantId: Id, skus: readonly string[]): Promise<ReadonlyMap<string, VariantForSale>> {
    const wanted = new Set(skus);
    const access: Access = { scope: { kind: 'public' } };
    const rows = await this.#products
      .find({ merchantId, 'variants.sku': { $in: [...wanted] } }, { title: 1, variants: 1 }, access)
      .limit(wanted.size)
      .lean<Pick<MerchantProduct, '_id' | 'title' | 'variants'>[]>();
    const variants = rows.flatMap(({ _id, title, variants }) =>
      variants.map((variant) => ({
        productId: _id,
        sku: variant.sku,
        title: nameOf(title, variant.title),
        price: variant.price,
      })),
    );
    return new Map(variants.filter(({ sku }) => wanted.has(sku)).map((variant) => [variant.sku, variant]));
  }

  /** The merchant's own products, last changed first. */
  async findManagedPage(query: ProductQuery, access: Access): Promise<Page<ManagedProductCard>> {
    const { status, category, sku, ...page } = query;
    if (sku !== undefined) return this.#findManagedOfSku({ ...query, sku }, access);
    const filter: QueryFilter<MerchantProduct> = {
      ...(status !== undefined && { status }),
      ...(category !== undefined && { category }),
    };
    const sort = { updatedAt: -1, _id: -1 } as const;
    const question = { list: 'products.managed', filter, fields: MANAGED_CARD_FIELDS, sort, page };
    const found = await paginateCursor<MerchantProduct, ManagedCardRow>(
      this.#products,
      question,
      this.#cursors,
      access,
    );
    return { ...found, data: found.data.map(presentManagedCard) };
  }

  /** A SKU leads to one product at most: there is nothing to sort, and no second page. */
  async #findManagedOfSku(
    { status, category, sku }: ProductQuery & { readonly sku: string },
    access: Access,
  ): Promise<Page<ManagedProductCard>> {
    const filter: QueryFilter<MerchantProduct> = {
      'variants.sku': sku,
      ...(status !== undefined && { status }),
      ...(category !== undefined && { category }),
    };
    const row = await this.#products.findOne(filter, MANAGED_CARD_FIELDS, access).lean<ManagedCardRow>();
    return { data: row ? [presentManagedCard(row)] : [], page: { nextCursor: null, hasMore: false } };
  }

  async findManaged(_id: Id, access: Access): Promise<ManagedProduct | undefined> {
    const row = await this.#products.findOne({ _id }, MANAGED_DETAIL_FIELDS, access).lean<ManagedRow>();
    return row ? presentManagedProduct(row) : undefined;
  }

  async findState(_id: Id, access: Access): Promise<ProductState | undefined> {
    return (await this.#products.findOne({ _id }, STATE_FIELDS, access).lean<ProductState>()) ?? undefined;
  }
}

/** "Mug – blue"; the only variant of a product often has no name of its own. */
const nameOf = (product: string, variant: string): string =>
  product === variant ? product : `${product} – ${variant}`;

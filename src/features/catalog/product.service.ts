import type { Transact, TransactionAccess } from '../../platform/database/transaction.ts';
import type { AppendEvent } from '../../platform/outbox/event.ts';
import { differenceOf, pick } from '../../shared/difference.ts';
import { newId, type Id } from '../../shared/ids.ts';
import { demandVersion } from '../../shared/precondition.ts';
import { Problem } from '../../shared/problem.ts';
import type { MerchantContext, PublicScope, RequestContext } from '../../shared/scope.ts';
import type { Now } from '../../shared/time.ts';
import { productEvent } from './product.events.ts';
import type { MerchantProduct, ProductVariant } from './product.model.ts';
import { presentManagedProduct } from './product.presenter.ts';
import { productNotFound, wrongCurrency } from './product.problems.ts';
import type { ProductReads, ProductState } from './product.reads.ts';
import { excerptOf, lowestPrice, slugOf } from './product.rules.ts';
import type { CreateProduct, ManagedProduct, ProductDetail, UpdateProduct } from './product.schema.ts';
import type { ProductChange, ProductStore } from './product.store.ts';

export interface ProductDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly stores: StoreCurrencies;
  readonly store: Pick<ProductStore, 'change' | 'insert'>;
  readonly reads: Pick<ProductReads, 'findBySlug' | 'findManaged' | 'findState'>;
  readonly now: Now;
}

/** What the catalogue must know of a store. */
export interface StoreCurrencies {
  /** The currency of all prices of a store, which does not change any more; undefined if there is no such store. */
  fixCurrency(merchantId: Id, access: TransactionAccess): Promise<string | undefined>;
}

/** What the audit log tells of a product. */
const AUDITED = ['title', 'category', 'status', 'variants'] as const;
type Audited = Pick<MerchantProduct, (typeof AUDITED)[number]>;

const targetOf = (id: Id) => ({ kind: 'product', id });

/** What can be done with products. */
export class ProductService {
  readonly #deps: ProductDeps;

  constructor(deps: ProductDeps) {
    this.#deps = deps;
  }

  async get({ scope }: MerchantContext, productId: Id): Promise<ManagedProduct> {
    return (await this.#deps.reads.findManaged(productId, { scope })) ?? notFound();
  }

  async getOnSale({ scope }: RequestContext<PublicScope>, merchantId: Id, slug: string): Promise<ProductDetail> {
    return (await this.#deps.reads.findBySlug(merchantId, slug, { scope })) ?? notFound();
  }

  async create(context: MerchantContext, sent: CreateProduct): Promise<ManagedProduct> {
    const { transact, appendEvent, store } = this.#deps;
    const product = this.#newProduct(context.scope.merchantId, sent);
    return transact(context, async (access) => {
      await this.#demandCurrency(context, sent.variants, access);
      await store.insert(product, access);
      const change = { target: targetOf(product._id), after: pick(product, AUDITED) };
      await appendEvent(context, productEvent('product.created', product), access, change);
      return presentManagedProduct(product);
    });
  }

  update(context: MerchantContext, productId: Id, sent: UpdateProduct): Promise<ManagedProduct> {
    const { variants, description, status } = sent;
    return this.#change(context, productId, async ({ publishedAt }, now, access) => {
      if (variants !== undefined) await this.#demandCurrency(context, variants, access);
      return {
        ...sent,
        ...(description !== undefined && excerptOf(description)),
        ...(variants !== undefined && { from: lowestPrice(variants) }),
        ...(status === 'active' && { publishedAt: publishedAt ?? now }),
      };
    });
  }

  /** Takes a product off sale for good, as far as the storefront goes; orders that name it stay as they are. */
  archive(context: MerchantContext, productId: Id): Promise<ManagedProduct> {
    return this.#change(context, productId, () => Promise.resolve({ status: 'archived' }));
  }

  async #change(
    context: MerchantContext,
    productId: Id,
    changeOf: (found: ProductState, now: Date, access: TransactionAccess) => Promise<ProductChange>,
  ): Promise<ManagedProduct> {
    const { transact, appendEvent, store, reads } = this.#deps;
    return transact(context, async (access) => {
      const found = (await reads.findState(productId, access)) ?? notFound();
      demandVersion(context, found.version);
      const now = this.#deps.now();
      const change = { ...(await changeOf(found, now, access)), updatedAt: now };
      const changed = (await store.change(productId, change, access)) ?? notFound();
      const difference = differenceOf<Audited>(found, changed, AUDITED);
      const what = { target: targetOf(productId), ...difference };
      await appendEvent(context, productEvent('product.changed', found), access, what);
      return presentManagedProduct(changed);
    });
  }

  async #demandCurrency(
    { scope }: MerchantContext,
    variants: readonly ProductVariant[],
    access: TransactionAccess,
  ): Promise<void> {
    const currency = (await this.#deps.stores.fixCurrency(scope.merchantId, access)) ?? notFound();
    const errors = variants.flatMap(({ price }, index) =>
      price.currency === currency
        ? []
        : [{ path: `body.variants.${String(index)}.price.currency`, message: `must be ${currency}` }],
    );
    if (errors.length > 0) throw new Problem(wrongCurrency, `The store sells in ${currency}`, { errors });
  }

  #newProduct(merchantId: Id, { slug, ...sent }: CreateProduct): MerchantProduct {
    const _id = newId();
    const now = this.#deps.now();
    return {
      ...sent,
      _id,
      merchantId,
      // A title in another script leaves no slug; the id makes one that is taken by nobody.
      slug: slug ?? (slugOf(sent.title) || _id.toHexString()),
      ...excerptOf(sent.description),
      from: lowestPrice(sent.variants),
      version: 1,
      createdAt: now,
      updatedAt: now,
      publishedAt: sent.status === 'active' ? now : null,
    };
  }
}

function notFound(): never {
  throw new Problem(productNotFound, 'There is no such product');
}

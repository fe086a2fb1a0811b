import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';
import type { Money } from '../../shared/money.ts';
import { PRODUCT_STATUSES, type ProductStatus } from './product.schema.ts';

export interface ProductVariant {
  sku: string;
  title: string;
  price: Money;
}

/** A product as it lies in MongoDB. How much of it there is says the stock, which changes far more often. */
export interface MerchantProduct {
  _id: Id;
  merchantId: Id;
  slug: string;
  title: string;
  description: string;
  /** The beginning of the description, kept beside it so that lists need not load the whole. */
  excerpt: string;
  /** Whether the description goes on after the excerpt. */
  truncated: boolean;
  category: string;
  tags: string[];
  status: ProductStatus;
  variants: ProductVariant[];
  /** The lowest price among the variants, kept for lists and their order. */
  from: Money;
  version: number;
  createdAt: Date;
  updatedAt: Date;
  /** When it was first shown; null while it never was. */
  publishedAt: Date | null;
}

const money = {
  amount: { type: Number, required: true, min: 0, validate: Number.isSafeInteger },
  currency: { type: String, required: true },
};
const text = { type: String, required: true };
const moment = { type: Date, required: true };

export const productCollection = storedCollection<MerchantProduct>({
  name: 'MerchantProduct',
  collection: 'merchant_products',
  fields: {
    merchantId: { type: Schema.Types.ObjectId, required: true, immutable: true },
    slug: text,
    title: text,
    description: { type: String, default: '' },
    excerpt: { type: String, default: '' },
    truncated: { type: Boolean, default: false },
    category: text,
    tags: [String],
    status: { type: String, enum: PRODUCT_STATUSES, required: true },
    variants: [{ _id: false, sku: text, title: text, price: money }],
    from: money,
    version: { type: Number, required: true },
    createdAt: { ...moment, immutable: true },
    updatedAt: moment,
    publishedAt: { type: Date, default: null },
  },
  scopes: {
    merchant: ({ merchantId }) => ({ merchantId }),
    public: () => ({ status: 'active' }),
    system: () => ({}),
  },
  indexes: [
    {
      name: 'storefront_newest',
      serves: 'ProductReads.findStorefrontPage',
      key: { merchantId: 1, status: 1, publishedAt: -1, _id: -1 },
    },
    {
      name: 'storefront_category',
      serves: 'ProductReads.findStorefrontPage of a category',
      key: { merchantId: 1, status: 1, category: 1, publishedAt: -1, _id: -1 },
    },
    {
      name: 'storefront_tag',
      serves: 'ProductReads.findStorefrontPage of a tag',
      key: { merchantId: 1, status: 1, tags: 1, publishedAt: -1, _id: -1 },
    },
    {
      name: 'storefront_price',
      serves: 'ProductReads.findStorefrontPage by price, read backwards for the dearest first',
      key: { merchantId: 1, status: 1, 'from.amount': 1, _id: 1 },
    },
    {
      name: 'slug',
      serves: 'ProductReads.findBySlug; an address leads to one product',
      key: { merchantId: 1, slug: 1 },
      unique: true,
    },
    {
      name: 'sku',
      serves: 'ProductReads.findForSale and findManagedPage of a SKU; a SKU is one variant',
      key: { merchantId: 1, 'variants.sku': 1 },
      unique: true,
    },
    {
      name: 'search',
      serves: 'ProductReads.search',
      key: { merchantId: 1, title: 'text', tags: 'text', category: 'text', description: 'text' },
      weights: { title: 10, tags: 5, category: 3, description: 1 },
      default_language: 'english',
    },
    {
      name: 'managed_recent',
      serves: 'ProductReads.findManagedPage',
      key: { merchantId: 1, updatedAt: -1, _id: -1 },
    },
    {
      name: 'managed_status',
      serves: 'ProductReads.findManagedPage of a status',
      key: { merchantId: 1, status: 1, updatedAt: -1, _id: -1 },
    },
    {
      name: 'managed_category',
      serves: 'ProductReads.findManagedPage of a category',
      key: { merchantId: 1, category: 1, updatedAt: -1, _id: -1 },
    },
    {
      name: 'managed_status_category',
      serves: 'ProductReads.findManagedPage of a status and a category',
      key: { merchantId: 1, status: 1, category: 1, updatedAt: -1, _id: -1 },
    },
  ],
});

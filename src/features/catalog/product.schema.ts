import { z } from 'zod';
import { Id } from '../../shared/ids.ts';
import { Money } from '../../shared/money.ts';
import { pageOf, PageQuery } from '../../shared/page.ts';
import { Timestamp } from '../../shared/time.ts';

export const PRODUCT_STATUSES = ['draft', 'active', 'archived'] as const;
export type ProductStatus = (typeof PRODUCT_STATUSES)[number];

const MAX_VARIANTS = 100;
const MAX_TAGS = 20;

/** A merchant's own name of what is sold. Has no blanks and no slash, so that it can stand in a path. */
export const Sku = z.string().regex(/^[A-Za-z\d][\w.-]{0,63}$/, 'must be 1 to 64 letters, digits, ".", "_" or "-"');

/** Lower-case words joined by hyphens, as they stand in a page's address. */
export const Slug = z
  .string()
  .max(80)
  .regex(/^[a-z\d]+(-[a-z\d]+)*$/, 'must be lower-case words joined by hyphens');

const Price = Money.refine(({ amount }) => amount >= 0 && amount <= 100_000_000, 'must be between 0 and 100000000');
const Variant = z.strictObject({ sku: Sku, title: z.string().trim().min(1).max(120), price: Price });
const Variants = z
  .array(Variant)
  .min(1)
  .max(MAX_VARIANTS)
  .refine((variants) => new Set(variants.map(({ sku }) => sku)).size === variants.length, 'must not repeat a SKU');
const Tags = z
  .array(Slug)
  .max(MAX_TAGS)
  .refine((tags) => new Set(tags).size === tags.length, 'must not repeat a tag');
const Title = z.string().trim().min(1).max(160);
const Description = z.string().trim().max(5_000);
const Status = z.enum(PRODUCT_STATUSES);
const OpenStatus = z.enum(['draft', 'active']);

export const CreateProduct = z
  .strictObject({
    title: Title,
    slug: Slug.optional().meta({ description: 'Made from the title where it is left out' }),
    description: Description.default(''),
    category: Slug,
    tags: Tags.default([]),
    status: OpenStatus.default('draft'),
    variants: Variants,
  })
  .meta({ id: 'CreateProduct' });
export type CreateProduct = z.output<typeof CreateProduct>;

/** What is left out stays as it is. Archiving is an act of its own. */
export const UpdateProduct = z
  .strictObject({
    title: Title,
    slug: Slug,
    description: Description,
    category: Slug,
    tags: Tags,
    status: OpenStatus,
    variants: Variants,
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'UpdateProduct' });
export type UpdateProduct = z.output<typeof UpdateProduct>;

export const STOREFRONT_SORTS = ['newest', 'price', '-price'] as const;

export const StorefrontQuery = PageQuery.extend({
  category: Slug.optional(),
  tag: Slug.optional(),
  sort: z.enum(STOREFRONT_SORTS).default('newest'),
}).refine(
  ({ category, tag, sort }) => [category, tag, sort === 'newest' ? undefined : sort].filter(Boolean).length <= 1,
  'takes one of category, tag, and a sort by price',
);
export type StorefrontQuery = z.output<typeof StorefrontQuery>;

export const ProductQuery = PageQuery.extend({
  status: Status.optional(),
  category: Slug.optional(),
  sku: Sku.optional(),
});
export type ProductQuery = z.output<typeof ProductQuery>;

export const SearchQuery = PageQuery.extend({ q: z.string().trim().min(2).max(100) });
export type SearchQuery = z.output<typeof SearchQuery>;

const card = {
  id: Id,
  slug: Slug,
  title: z.string(),
  excerpt: z.string().meta({ description: 'The beginning of the description' }),
  truncated: z.boolean().meta({ description: 'Whether the description goes on after the excerpt' }),
  category: Slug,
  tags: z.array(Slug),
  from: Money.meta({ description: 'The lowest price among the variants' }),
};
const detail = {
  id: Id,
  slug: Slug,
  title: z.string(),
  description: z.string(),
  category: Slug,
  tags: z.array(Slug),
  variants: z.array(z.strictObject({ sku: Sku, title: z.string(), price: Money })),
};
const managed = { status: Status, version: z.int(), createdAt: Timestamp, updatedAt: Timestamp };

/** A product as a storefront's list shows it. */
export const ProductCard = z.strictObject(card).meta({ id: 'ProductCard' });
export type ProductCard = z.input<typeof ProductCard>;
export const ProductPage = pageOf(ProductCard).meta({ id: 'ProductPage' });

/** A product on its own page of a storefront. */
export const ProductDetail = z.strictObject(detail).meta({ id: 'ProductDetail' });
export type ProductDetail = z.input<typeof ProductDetail>;

/** A product in its merchant's list. */
export const ManagedProductCard = z.strictObject({ ...card, ...managed }).meta({ id: 'ManagedProductCard' });
export type ManagedProductCard = z.input<typeof ManagedProductCard>;
export const ManagedProductPage = pageOf(ManagedProductCard).meta({ id: 'ManagedProductPage' });

/** A product as its merchant edits it. */
export const ManagedProduct = z.strictObject({ ...detail, ...managed }).meta({ id: 'ManagedProduct' });
export type ManagedProduct = z.input<typeof ManagedProduct>;

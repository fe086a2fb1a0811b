import { Id } from '../../shared/ids.ts';
import type { MerchantProduct } from './product.model.ts';
import type { ManagedProduct, ManagedProductCard, ProductCard, ProductDetail } from './product.schema.ts';

/** Fields that the presenters read, and so the only ones that a read loads. */
export const CARD_FIELDS = {
  slug: 1,
  title: 1,
  excerpt: 1,
  truncated: 1,
  category: 1,
  tags: 1,
  from: 1,
} as const;
export const DETAIL_FIELDS = { slug: 1, title: 1, description: 1, category: 1, tags: 1, variants: 1 } as const;
const MANAGED_FIELDS = { status: 1, version: 1, createdAt: 1, updatedAt: 1 } as const;
export const MANAGED_CARD_FIELDS = { ...CARD_FIELDS, ...MANAGED_FIELDS } as const;
export const MANAGED_DETAIL_FIELDS = { ...DETAIL_FIELDS, ...MANAGED_FIELDS } as const;

type Row<F> = Pick<MerchantProduct, '_id' | (keyof F & keyof MerchantProduct)>;
export type CardRow = Row<typeof CARD_FIELDS>;
export type DetailRow = Row<typeof DETAIL_FIELDS>;
export type ManagedCardRow = Row<typeof MANAGED_CARD_FIELDS>;
export type ManagedRow = Row<typeof MANAGED_DETAIL_FIELDS>;

/** Field by field: what is not named here does not leave. */
export function presentCard({ _id, slug, title, excerpt, truncated, category, tags, from }: CardRow): ProductCard {
  return { id: Id.encode(_id), slug, title, excerpt, truncated, category, tags, from };
}

export function presentDetail({ _id, slug, title, description, category, tags, variants }: DetailRow): ProductDetail {
  return { id: Id.encode(_id), slug, title, description, category, tags, variants: variants.map(presentVariant) };
}

export const presentManagedCard = (row: ManagedCardRow): ManagedProductCard => ({
  ...presentCard(row),
  ...presentManaged(row),
});

export const presentManagedProduct = (row: ManagedRow): ManagedProduct => ({
  ...presentDetail(row),
  ...presentManaged(row),
});

const presentVariant = ({ sku, title, price }: MerchantProduct['variants'][number]) => ({ sku, title, price });

function presentManaged({ status, version, createdAt, updatedAt }: Row<typeof MANAGED_FIELDS>) {
  return { status, version, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

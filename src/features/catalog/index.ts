export { productSubscriptions } from './product.events.ts';
export type { ProductReads, VariantForSale } from './product.reads.ts';
export { Sku } from './product.schema.ts';

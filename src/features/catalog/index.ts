export { productsTag, productSubscriptions } from './product.events.ts';
export type { ProductExports } from './product.exports.ts';
export type { ProductReads, VariantForSale } from './product.reads.ts';
export { ProductCard, Sku } from './product.schema.ts';

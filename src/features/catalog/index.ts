export { productsTag, productSubscriptions } from './product.events.ts';
export type { ProductEvent } from './product.events.ts';
export type { ProductReads, VariantForSale } from './product.reads.ts';
export { Sku } from './product.schema.ts';
export type { ProductService, StoreCurrencies } from './product.service.ts';

import { productCollection } from '../features/catalog/product.model.ts';
import { ProductReads } from '../features/catalog/product.reads.ts';
import { ProductService } from '../features/catalog/product.service.ts';
import { ProductStore } from '../features/catalog/product.store.ts';
import type { merchantParts } from './merchants.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';

export function catalogParts(
  parts: Parts,
  { database, now, transact, appendEvent, cursors }: Platform,
  { merchantStore }: ReturnType<typeof merchantParts>,
) {
  const primary = () => database().primary;
  const productReads = parts.part(() => new ProductReads(productCollection.on(primary()), cursors()));
  return {
    productReads,
    products: parts.part(
      () =>
        new ProductService({
          transact: transact(),
          appendEvent: appendEvent(),
          stores: merchantStore(),
          store: new ProductStore(productCollection.on(primary())),
          reads: productReads(),
          now,
        }),
    ),
  };
}

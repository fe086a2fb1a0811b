import { Caller } from '../caller.ts';
import type { TestPlatform } from '../platform.ts';

export const PASSWORD = 'correct horse battery';

/** A store with pieces to sell, and somebody who buys there. */
export interface TestShop {
  readonly seller: Caller;
  readonly buyer: Caller;
  readonly buyerEmail: string;
  readonly merchantId: string;
  readonly locationId: string;
  readonly skus: readonly string[];
  /** The body of an order of one piece; orders go round all SKUs. */
  line(index?: number): object;
  stockLeft(): Promise<number>;
}

let shops = 0;

/** Opens a store with as many SKUs as said, and as many pieces of each. */
export async function openShop(
  { url }: Pick<TestPlatform, 'url'>,
  skuCount: number,
  pieces: number,
): Promise<TestShop> {
  shops += 1;
  const slug = `mugs-${String(process.pid)}-${String(shops)}`;
  const [seller, buyer] = [new Caller(url), new Caller(url)];
  const buyerEmail = `buyer@${slug}.example`;
  await seller.signUp(`seller@${slug}.example`, 'Sam Seller', PASSWORD);
  await buyer.signUp(buyerEmail, 'Bea Buyer', PASSWORD);
  const merchantId = String((await seller.post('/merchants', { slug, name: 'Mugs' })).id);
  const skus = Array.from({ length: skuCount }, (_, index) => `MUG-${String(index)}`);
  const variants = skus.map((sku) => ({ sku, title: sku, price: { amount: 1_250, currency: 'EUR' } }));
  await seller.post('/merchant/products', { title: 'Mug', category: 'mugs', status: 'active', variants });
  const locationId = String((await seller.post('/merchant/locations', { name: 'Shelf' })).id);
  const stockOf = (sku: string) => `/merchant/locations/${locationId}/stock/${sku}`;
  for (const sku of skus) await seller.put(stockOf(sku), { available: pieces });
  return {
    seller,
    buyer,
    buyerEmail,
    merchantId,
    locationId,
    skus,
    line: (index = 0) => ({ merchantId, lines: [{ sku: skus[index % skus.length], quantity: 1 }] }),
    async stockLeft() {
      let left = 0;
      for (const sku of skus) left += Number((await seller.get(stockOf(sku))).available);
      return left;
    },
  };
}

import type { MerchantProduct, ProductVariant } from '../../src/features/catalog/product.model.ts';
import { excerptOf, lowestPrice, slugOf } from '../../src/features/catalog/product.rules.ts';
import type { StockLevel } from '../../src/features/stock/stock.model.ts';
import { DAY_MS } from '../../src/shared/time.ts';
import type { Random } from './random.ts';
import type { Store } from './stores.ts';

/** The products of a store, in the order of how well they sell. */
export function makeProducts(
  random: Random,
  until: Date,
  { merchant, trade }: Store,
  count: number,
): MerchantProduct[] {
  const taken = new Map<string, number>();
  return Array.from({ length: count }, (_, rank) => {
    const name = `${random.pick(trade.qualities)} ${random.pick(trade.nouns)}`;
    const repeats = (taken.get(name) ?? 0) + 1;
    taken.set(name, repeats);
    const title = repeats === 1 ? name : `${name} No. ${String(repeats)}`;
    const createdAt = new Date(until.getTime() - random.between(366, 370) * DAY_MS - random.below(DAY_MS));
    const updatedAt = new Date(until.getTime() - random.between(1, 360) * DAY_MS - random.below(DAY_MS));
    const status = statusOf(random);
    const variants = makeVariants(random, merchant, trade, title, rank);
    const description = [`${title} by ${merchant.name}.`, ...random.some(trade.praise, random.between(1, 3))].join(' ');
    return {
      _id: random.id(createdAt),
      merchantId: merchant._id,
      slug: slugOf(title),
      title,
      description,
      ...excerptOf(description),
      category: trade.category,
      tags: random.some(trade.tags, random.between(0, 3)),
      status,
      variants,
      from: lowestPrice(variants),
      version: 1,
      createdAt,
      updatedAt,
      publishedAt: status === 'draft' ? null : createdAt,
    };
  });
}

function statusOf(random: Random): MerchantProduct['status'] {
  const roll = random.next();
  if (roll < 0.04) return 'draft';
  return roll < 0.08 ? 'archived' : 'active';
}

function makeVariants(
  random: Random,
  { currency, slug }: Store['merchant'],
  trade: Store['trade'],
  title: string,
  rank: number,
): ProductVariant[] {
  const [low, high] = trade.price;
  // Squared, so that most are cheap and a few dear; a Swedish crown is about a tenth of the others.
  const units = low + Math.floor((high - low) * random.next() ** 2);
  const base = (currency === 'SEK' ? units * 10 : units) * 100;
  const prefix = slug
    .split('-')
    .map((word) => word.slice(0, 2).toUpperCase())
    .join('');
  const sku = (index: number) => `${prefix}-${String(rank + 1).padStart(4, '0')}-${String(index + 1)}`;
  const names = random.chance(0.25) ? [title] : trade.variants.slice(0, random.between(2, trade.variants.length));
  return names.map((name, index) => {
    const amount = Math.round((base * (1 + index * 0.2)) / 100) * 100 - random.pick([1, 10, 50]);
    return { sku: sku(index), title: name, price: { amount, currency } };
  });
}

/** What lies where: at the first place of all that is sold, at the others of some. */
export function makeStock(random: Random, { locations }: Store, products: readonly MerchantProduct[]): StockLevel[] {
  return products.flatMap(({ merchantId, variants, createdAt }) =>
    variants.flatMap(({ sku }) =>
      locations
        .filter((_, index) => index === 0 || random.chance(0.5))
        .map(({ _id: locationId }) => ({
          _id: random.id(createdAt),
          merchantId,
          locationId,
          sku,
          // Some have run out.
          available: random.chance(0.05) ? 0 : random.between(3, 250),
          version: 1,
        })),
    ),
  );
}

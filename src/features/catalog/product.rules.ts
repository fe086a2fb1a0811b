import type { Money } from '../../shared/money.ts';
import type { MerchantProduct, ProductVariant } from './product.model.ts';

const EXCERPT_LENGTH = 160;
const SLUG_LENGTH = 80;

/** The beginning of a text, up to the end of a word where there is one near, and whether that is not all of it. */
export function excerptOf(text: string): Pick<MerchantProduct, 'excerpt' | 'truncated'> {
  const characters = Array.from(text);
  if (characters.length <= EXCERPT_LENGTH) return { excerpt: text, truncated: false };
  const cut = characters.slice(0, EXCERPT_LENGTH).join('');
  const lastBlank = cut.lastIndexOf(' ');
  return { excerpt: lastBlank > EXCERPT_LENGTH / 2 ? cut.slice(0, lastBlank) : cut, truncated: true };
}

/** @throws RangeError when there is no variant */
export function lowestPrice(variants: readonly Pick<ProductVariant, 'price'>[]): Money {
  const [first, ...rest] = variants.map(({ price }) => price);
  if (first === undefined) throw new RangeError('A product has at least one variant');
  return rest.reduce((lowest, price) => (price.amount < lowest.amount ? price : lowest), first);
}

/** The title as it can stand in an address; empty when it holds no Latin letter and no digit. */
export function slugOf(title: string): string {
  const plain = title.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const words = plain.match(/[a-z\d]+/g) ?? [];
  return words.join('-').slice(0, SLUG_LENGTH).replace(/-$/, '');
}

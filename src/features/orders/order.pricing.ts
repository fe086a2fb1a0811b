import { add, times, type Money } from '../../shared/money.ts';
import { Problem } from '../../shared/problem.ts';
import type { VariantForSale } from '../catalog/index.ts';
import type { OrderLine } from './order.model.ts';
import { mixedCurrencies, unknownSku } from './order.problems.ts';
import type { PlaceOrder } from './order.schema.ts';

/** Prices every line, or names every one that cannot be priced. */
export function priceLines(lines: PlaceOrder['lines'], forSale: ReadonlyMap<string, VariantForSale>): OrderLine[] {
  const priced = lines.flatMap(({ sku, quantity }) => {
    const variant = forSale.get(sku);
    if (variant === undefined) return [];
    const { productId, title, price } = variant;
    return [{ productId, sku, title, quantity, unitPrice: price }];
  });
  if (priced.length === lines.length) return inOneCurrency(priced);

  const errors = lines.flatMap(({ sku }, index) =>
    forSale.has(sku) ? [] : [{ path: `body.lines.${String(index)}.sku`, message: `${sku} is not for sale` }],
  );
  throw new Problem(unknownSku, 'The order names SKUs that are not for sale at this store', { errors });
}

function inOneCurrency(lines: OrderLine[]): OrderLine[] {
  const currency = lines[0]?.unitPrice.currency ?? '';
  const errors = lines.flatMap(({ unitPrice, sku }, index) =>
    unitPrice.currency === currency
      ? []
      : [{ path: `body.lines.${String(index)}.sku`, message: `${sku} is priced in ${unitPrice.currency}` }],
  );
  if (errors.length === 0) return lines;
  throw new Problem(mixedCurrencies, `The first line is priced in ${currency}, others are not`, { errors });
}

export const amountOf = ({ unitPrice, quantity }: Pick<OrderLine, 'quantity' | 'unitPrice'>): Money =>
  times(unitPrice, quantity);

/** @throws RangeError when there is no line, the currencies differ or the sum is no longer an exact integer */
export function totalOf(lines: readonly Pick<OrderLine, 'quantity' | 'unitPrice'>[]): Money {
  const [first, ...rest] = lines.map(amountOf);
  if (first === undefined) throw new RangeError('An order has at least one line');
  return add(first, ...rest);
}

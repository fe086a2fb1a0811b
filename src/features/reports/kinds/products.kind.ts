import type { SkuSales } from '../../orders/index.ts';
import { reportKind, type About, type Sources } from './kind.ts';
import { variantName } from './variant-name.ts';

interface ProductRow {
  readonly title: string;
  readonly sku: string;
  readonly category: string;
  readonly status: string;
  /** In minor units; null for what is in no product any more. */
  readonly price: number | null;
  readonly quantity: number;
  readonly revenue: number;
}

/** The whole catalogue, with what was sold of each variant; and what was sold and is not in it any more. */
export const products = reportKind<ProductRow>({
  title: 'Products',
  tells: 'period',
  columns: [
    { key: 'title', label: 'Product', type: 'text', width: 8, of: ({ title }) => title },
    { key: 'sku', label: 'SKU', type: 'text', width: 4, of: ({ sku }) => sku },
    { key: 'category', label: 'Category', type: 'text', width: 4, of: ({ category }) => category },
    { key: 'status', label: 'Status', type: 'text', width: 3, of: ({ status }) => status },
    { key: 'price', label: 'Price', type: 'money', width: 3, of: ({ price }) => price },
    { key: 'sold', label: 'Sold', type: 'integer', width: 2, isSummed: true, of: ({ quantity }) => quantity },
    { key: 'revenue', label: 'Revenue', type: 'money', width: 4, isSummed: true, of: ({ revenue }) => revenue },
  ],
  read: readVariants,
  figures: [
    { label: 'Revenue', type: 'money', of: ({ revenue = 0 }) => revenue },
    { label: 'Pieces sold', type: 'integer', of: ({ sold = 0 }) => sold },
    { label: 'Variants', type: 'integer', of: (_totals, rows) => rows },
  ],
  charts: [
    {
      title: 'What brought most',
      shape: 'ranking',
      type: 'money',
      of: ({ title, revenue }) => ({ label: title, value: revenue }),
    },
    {
      title: 'Revenue by category',
      shape: 'ranking',
      type: 'money',
      of: ({ category, revenue }) => ({ label: category, value: revenue }),
    },
  ],
});

const UNSOLD = { quantity: 0, revenue: 0 };

async function* readVariants(sources: Sources, about: About): AsyncGenerator<ProductRow> {
  const { access } = about;
  const sold = await soldBySku(sources.orders, about);
  for await (const { title, category, status, variants } of sources.products.streamAll(access)) {
    for (const variant of variants) {
      const { quantity, revenue } = sold.get(variant.sku) ?? UNSOLD;
      sold.delete(variant.sku);
      const name = variantName(title, variant.title);
      yield { title: name, sku: variant.sku, category, status, price: variant.price.amount, quantity, revenue };
    }
  }
  for (const sales of sold.values()) yield withoutProduct(sales);
}

const withoutProduct = ({ sku, title, quantity, revenue }: SkuSales): ProductRow => ({
  title,
  sku,
  category: '',
  status: 'removed',
  price: null,
  quantity,
  revenue,
});

/** Held all at once, since the catalogue comes in another order: the one thing that grows with what there is to tell of. */
async function soldBySku(
  orders: Sources['orders'],
  { access, begin, end, maxRows }: About,
): Promise<Map<string, SkuSales>> {
  const sold = new Map<string, SkuSales>();
  for await (const sales of orders.streamSoldBySku(begin, end, access)) {
    // One more than there may be: then there are too many rows, and none is missing in silence.
    if (sold.size > maxRows) break;
    sold.set(sales.sku, sales);
  }
  return sold;
}

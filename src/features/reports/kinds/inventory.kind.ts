import { Id } from '../../../shared/ids.ts';
import type { ExportedLevel } from '../../stock/index.ts';
import { inBatches } from './batches.ts';
import { reportKind, type About, type Sources } from './kind.ts';
import { variantName } from './variant-name.ts';

interface InventoryRow {
  readonly location: string;
  readonly sku: string;
  readonly title: string;
  readonly category: string;
  readonly available: number;
  /** In minor units; null for what is in no product any more. */
  readonly price: number | null;
}

const BATCH = 100;
const MAX_LOCATIONS = 10_000;

const valueOf = ({ available, price }: InventoryRow): number => available * (price ?? 0);

/** What lies where, and what it is worth at its present price. */
export const inventory = reportKind<InventoryRow>({
  title: 'Inventory',
  tells: 'now',
  columns: [
    { key: 'location', label: 'Location', type: 'text', width: 5, of: ({ location }) => location },
    { key: 'sku', label: 'SKU', type: 'text', width: 4, of: ({ sku }) => sku },
    { key: 'title', label: 'Product', type: 'text', width: 8, of: ({ title }) => title },
    {
      key: 'available',
      label: 'Available',
      type: 'integer',
      width: 3,
      isSummed: true,
      of: ({ available }) => available,
    },
    { key: 'price', label: 'Price', type: 'money', width: 3, of: ({ price }) => price },
    { key: 'value', label: 'Value', type: 'money', width: 4, isSummed: true, of: valueOf },
  ],
  read: readLevels,
  count: ({ stock }, { access }) => stock.countLevels(access),
  figures: [
    { label: 'Value at present prices', type: 'money', of: ({ value = 0 }) => value },
    { label: 'Pieces', type: 'integer', of: ({ available = 0 }) => available },
    { label: 'Places', type: 'integer', of: (_totals, rows) => rows },
  ],
  charts: [
    {
      title: 'Value by category',
      shape: 'ranking',
      type: 'money',
      of: (row) => ({ label: row.category, value: valueOf(row) }),
    },
    {
      title: 'Pieces by location',
      shape: 'ranking',
      type: 'integer',
      of: ({ location, available }) => ({ label: location, value: available }),
    },
  ],
});

async function* readLevels({ stock, products }: Sources, { access }: About): AsyncGenerator<InventoryRow> {
  const places = await stock.findLocations(MAX_LOCATIONS, access);
  const locations = new Map(places.map(({ _id, name }) => [Id.encode(_id), name]));
  for await (const batch of inBatches(stock.streamLevels(access), BATCH)) {
    const variants = await variantsOf(batch, products, access);
    for (const { sku, locationId, available } of batch) {
      const { title = '', category = '', price = null } = variants.get(sku) ?? {};
      yield { location: locations.get(Id.encode(locationId)) ?? '', sku, title, category, available, price };
    }
  }
}

type Variant = Pick<InventoryRow, 'category' | 'price' | 'title'>;

async function variantsOf(
  levels: readonly ExportedLevel[],
  products: Sources['products'],
  access: About['access'],
): Promise<ReadonlyMap<string, Variant>> {
  const skus = [...new Set(levels.map(({ sku }) => sku))];
  const found = await products.findOfSkus(skus, access);
  return new Map(
    found.flatMap(({ title, category, variants }) =>
      variants.map((variant): [string, Variant] => {
        const name = variantName(title, variant.title);
        return [variant.sku, { title: name, category, price: variant.price.amount }];
      }),
    ),
  );
}

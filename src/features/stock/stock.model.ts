import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';

/** How much of one variant (its merchant calls it by SKU) lies at one location. Apart from the product: a sale must not touch that. */
export interface StockLevel {
  _id: Id;
  merchantId: Id;
  locationId: Id;
  sku: string;
  available: number;
  /** From how many pieces left the store's people are told; nobody is where there is none. */
  lowStockAt?: number | null;
  /** Since when it is low and they were told. */
  alertedAt?: Date | null;
  version: number;
}

/** A place from which a merchant sells. */
export interface StockLocation {
  _id: Id;
  merchantId: Id;
  name: string;
  createdAt: Date;
}

const owner = { type: Schema.Types.ObjectId, required: true, immutable: true };
const scopes = {
  merchant: ({ merchantId }: { readonly merchantId: Id }) => ({ merchantId }),
  system: () => ({}),
};

export const stockCollection = storedCollection<StockLevel>({
  name: 'StockLevel',
  collection: 'stock',
  fields: {
    merchantId: owner,
    locationId: owner,
    sku: { type: String, required: true, immutable: true },
    available: { type: Number, required: true, min: 0 },
    lowStockAt: { type: Number, min: 0 },
    alertedAt: Date,
    version: { type: Number, required: true },
  },
  scopes,
  indexes: [
    {
      name: 'place',
      serves:
        'StockStore.take and giveBack, StockReads.findLevel; two documents for one place would each sell the same item',
      key: { merchantId: 1, locationId: 1, sku: 1 },
      unique: true,
    },
    {
      name: 'place_list',
      serves: 'StockReads.findPage, by SKU',
      key: { merchantId: 1, locationId: 1, sku: 1, _id: 1 },
    },
    { name: 'watched', serves: 'StockReads.findWatched, at all locations', key: { merchantId: 1, sku: 1 } },
  ],
});

export const locationCollection = storedCollection<StockLocation>({
  name: 'StockLocation',
  collection: 'stock_locations',
  fields: {
    merchantId: owner,
    name: { type: String, required: true },
    createdAt: { type: Date, required: true, immutable: true },
  },
  scopes,
  indexes: [
    { name: 'oldest', serves: 'StockReads.findLocations and findMainLocation', key: { merchantId: 1, _id: 1 } },
    { name: 'name', serves: 'people tell locations apart by name', key: { merchantId: 1, name: 1 }, unique: true },
  ],
});

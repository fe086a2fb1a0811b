import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';
import { LOCALES, type Locale } from '../../shared/locale.ts';

export interface Branding {
  logoUrl: string | null;
  /** `#rrggbb`. */
  accentColor: string | null;
}

export const NO_BRANDING: Branding = { logoUrl: null, accentColor: null };

export const brandingOf = ({ branding = NO_BRANDING }: Pick<Merchant, 'branding'>): Branding => branding;

/** A store, as it lies in MongoDB. */
export interface Merchant {
  _id: Id;
  /** Its name in URLs; never changes, since others link to it. */
  slug: string;
  name: string;
  description: string;
  /** ISO 4217, of all its prices. */
  currency: string;
  /** From its first product on: prices in two currencies could not be added. */
  currencyIsFixed: boolean;
  /** In which its days begin and end. */
  timeZone: string;
  /** A store of before there was branding has none; see `brandingOf`. */
  branding?: Branding;
  /** In which the store writes to those who have not chosen one. */
  locale: Locale;
  /** Kept here so that two owners who leave at the same moment meet in one document: one must stay. */
  ownerCount: number;
  version: number;
  createdAt: Date;
}

const text = { type: String, required: true };

export const merchants = storedCollection<Merchant>({
  name: 'Merchant',
  collection: 'merchants',
  fields: {
    _id: { type: Schema.Types.ObjectId, required: true },
    slug: { ...text, immutable: true },
    name: text,
    description: { type: String, default: '' },
    currency: text,
    currencyIsFixed: { type: Boolean, required: true },
    timeZone: text,
    branding: { logoUrl: { type: String, default: null }, accentColor: { type: String, default: null } },
    locale: { type: String, enum: LOCALES, default: 'en' },
    ownerCount: { type: Number, required: true, min: 1 },
    version: { type: Number, required: true },
    createdAt: { type: Date, required: true, immutable: true },
  },
  scopes: { merchant: ({ merchantId }) => ({ _id: merchantId }), public: () => ({}), system: () => ({}) },
  indexes: [
    {
      name: 'one_store_per_slug',
      serves: 'MerchantReads.findProfile; no two stores with one slug',
      key: { slug: 1 },
      unique: true,
    },
  ],
});

import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem, type Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import { brandingOf, type Merchant } from './merchant.model.ts';
import { presentProfile, presentStore, PROFILE_FIELDS, STORE_FIELDS } from './merchant.presenter.ts';
import type { ProfileRow, StoreRow } from './merchant.presenter.ts';
import type { StoreProfile, StoreView } from './merchant.schema.ts';

type StoredFacts = Pick<Merchant, 'branding' | 'currency' | 'locale' | 'name' | 'slug' | 'timeZone'>;
/** What other features must know of a store. */
export type StoreFacts = Required<StoredFacts>;
const STATE_FIELDS = { ...STORE_FIELDS, currencyIsFixed: 1 } as const;
/** What decides whether a store can be changed, and what the change is told from. */
export type StoreState = Pick<Merchant, '_id' | keyof typeof STATE_FIELDS>;
export type StoreCard = Pick<Merchant, '_id' | 'name' | 'slug'>;

/** Reads of stores: lean, projected, each named after its question. */
export class MerchantReads {
  readonly #merchants: ScopedModel<Merchant>;

  constructor(merchants: ScopedModel<Merchant>) {
    this.#merchants = merchants;
  }

  async findProfile(slug: string, access: Access): Promise<StoreProfile | undefined> {
    const row = await this.#merchants.findOne({ slug }, PROFILE_FIELDS, access).lean<ProfileRow>();
    return row ? presentProfile(row) : undefined;
  }

  async findView(_id: Id, access: Access): Promise<StoreView | undefined> {
    const row = await this.#merchants.findOne({ _id }, STORE_FIELDS, access).lean<StoreRow>();
    return row ? presentStore(row) : undefined;
  }

  async findState(_id: Id, access: Access): Promise<StoreState | undefined> {
    return (await this.#merchants.findOne({ _id }, STATE_FIELDS, access).lean<StoreState>()) ?? undefined;
  }

  /** For other features, and so from the database: a cached currency must not be sold in. */
  async findStore(_id: Id): Promise<StoreFacts | undefined> {
    const fields = { slug: 1, name: 1, currency: 1, timeZone: 1, branding: 1, locale: 1 };
    const access = asSystem('facts of a store');
    const row = await this.#merchants.findOne({ _id }, fields, access).lean<StoredFacts>();
    return row ? { ...row, branding: brandingOf(row) } : undefined;
  }

  /** In which days begin and end, by the stores' ids. Of as many stores as one batch of events tells of. */
  async findTimeZones(ids: readonly Id[]): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#merchants
      .find({ _id: { $in: [...ids] } }, { timeZone: 1 }, asSystem('calendars of stores'))
      .limit(ids.length)
      .lean<Pick<Merchant, '_id' | 'timeZone'>[]>();
    return new Map(rows.map(({ _id, timeZone }) => [_id.toHexString(), timeZone]));
  }

  /** Of at most a page of stores. */
  async findCards(ids: readonly Id[]): Promise<ReadonlyMap<string, StoreCard>> {
    const rows = await this.#merchants
      .find({ _id: { $in: [...ids] } }, { slug: 1, name: 1 }, asSystem('names of stores'))
      .limit(ids.length)
      .lean<StoreCard[]>();
    return new Map(rows.map((row) => [row._id.toHexString(), row]));
  }
}

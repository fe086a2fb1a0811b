import type { QueryFilter } from 'mongoose';
import type { ScopedModel } from '../../platform/database/collection.ts';
import { behind, keysetPages } from '../../platform/database/keyset.ts';
import { paginateCursor, paginateOffset } from '../../platform/database/pagination.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Cursors } from '../../platform/security/cursors.ts';
import type { Id } from '../../shared/ids.ts';
import type { OffsetPage, Page, PageQuery } from '../../shared/page.ts';
import { DAY_MS } from '../../shared/time.ts';
import type { MerchantOrder } from './order.model.ts';
import { CARD_FIELDS, presentCard, presentOrder, VIEW_FIELDS, type CardRow, type OrderRow } from './order.presenter.ts';
import type { AllOrdersQuery, MerchantOrdersQuery, OrderCard, OrderView, UserOrdersQuery } from './order.schema.ts';

export type FoundState = Pick<MerchantOrder, '_id' | 'payment' | 'state' | 'total' | 'version'>;

/** An order, and when it came to be as it is. */
export type ChangedOrder = OrderView & Pick<MerchantOrder, 'updatedAt'>;
type Place = Pick<MerchantOrder, '_id' | 'placedAt'>;
type ChangedRow = OrderRow & Pick<MerchantOrder, 'updatedAt'>;

const STATE_FIELDS = { payment: 1, state: 1, total: 1, version: 1 } as const;
const CHANGED_FIELDS = { ...VIEW_FIELDS, updatedAt: 1 } as const;
const NEWEST_FIRST = { placedAt: -1, _id: -1 } as const;

/** Reads of orders: lean, projected, each named after its question. Never cached: they are decided upon. */
export class OrderReads {
  readonly #orders: ScopedModel<MerchantOrder>;
  readonly #cursors: Cursors;

  constructor(orders: ScopedModel<MerchantOrder>, cursors: Cursors) {
    this.#orders = orders;
    this.#cursors = cursors;
  }

  async findView(_id: Id, access: Access): Promise<OrderView | undefined> {
    const row = await this.#orders.findOne({ _id }, VIEW_FIELDS, access).lean<OrderRow>();
    return row ? presentOrder(row) : undefined;
  }

  async findByNumber(number: string, access: Access): Promise<OrderView | undefined> {
    const row = await this.#orders.findOne({ number }, VIEW_FIELDS, access).lean<OrderRow>();
    return row ? presentOrder(row) : undefined;
  }

  async findState(_id: Id, access: Access): Promise<FoundState | undefined> {
    return (await this.#orders.findOne({ _id }, STATE_FIELDS, access).lean<FoundState>()) ?? undefined;
  }

  /** A merchant's orders, newest first. */
  findMerchantPage(query: MerchantOrdersQuery, access: Access): Promise<Page<OrderCard>> {
    const { customerId, sku, state, from, until, ...page } = query;
    const filter: QueryFilter<MerchantOrder> = {
      ...(customerId !== undefined && { customerId }),
      ...(sku !== undefined && { 'lines.sku': sku }),
      ...(state !== undefined && { state }),
      ...placedBetween(from, until),
    };
    return this.#page('orders.merchant', filter, page, access);
  }

  /** A user's orders, newest first. */
  findUserPage(query: UserOrdersQuery, access: Access): Promise<Page<OrderCard>> {
    const { merchantId, state, from, until, ...page } = query;
    const filter: QueryFilter<MerchantOrder> = {
      ...(merchantId !== undefined && { merchantId }),
      ...(state !== undefined && { state }),
      ...placedBetween(from, until),
    };
    return this.#page('orders.user', filter, page, access);
  }

  /** Orders of all stores since some days, newest first, with their number. */
  async findAll({ state, days, ...page }: AllOrdersQuery, now: Date, access: Access): Promise<OffsetPage<OrderCard>> {
    const placedAt = { $gte: new Date(now.getTime() - days * DAY_MS) };
    const filter: QueryFilter<MerchantOrder> = { ...(state !== undefined && { state }), placedAt };
    const question = { filter, fields: CARD_FIELDS, sort: NEWEST_FIRST, page };
    const found = await paginateOffset<MerchantOrder, CardRow>(this.#orders, question, access);
    return { ...found, data: found.data.map(presentCard) };
  }

  /**
   * Orders of all stores that were placed between two moments, oldest first, in batches: each is a read of its own.
   * @param after an order behind which to begin
   */
  async *findPlacedBetween(from: Date, until: Date, access: Access, after?: Id): AsyncGenerator<ChangedOrder[]> {
    const begin = after && (await this.#orders.findOne({ _id: after }, { placedAt: 1 }, access).lean<Place>());
    const pages = keysetPages<ChangedRow, Place>(
      BATCH,
      (limit, last) =>
        this.#orders
          .find({ $and: [{ placedAt: { $gte: from, $lt: until } }, behind('placedAt', last)] }, CHANGED_FIELDS, access)
          .sort({ placedAt: 1, _id: 1 })
          .limit(limit)
          .lean<ChangedRow[]>(),
      begin ?? undefined,
    );
    for await (const rows of pages) yield rows.map((row) => ({ ...presentOrder(row), updatedAt: row.updatedAt }));
  }

  async #page(
    list: string,
    filter: QueryFilter<MerchantOrder>,
    page: PageQuery,
    access: Access,
  ): Promise<Page<OrderCard>> {
    const question = { list, filter, fields: CARD_FIELDS, sort: NEWEST_FIRST, page };
    const found = await paginateCursor<MerchantOrder, CardRow>(this.#orders, question, this.#cursors, access);
    return { ...found, data: found.data.map(presentCard) };
  }
}

const BATCH = 100;

function placedBetween(from: string | undefined, until: string | undefined): QueryFilter<MerchantOrder> {
  if (from === undefined && until === undefined) return {};
  const placedAt = {
    ...(from !== undefined && { $gte: new Date(from) }),
    ...(until !== undefined && { $lt: new Date(until) }),
  };
  return { placedAt };
}

import { Id } from '../../shared/ids.ts';
import type { Money } from '../../shared/money.ts';
import type { MerchantContext } from '../../shared/scope.ts';
import { Problem, unavailable } from '../../shared/problem.ts';
import type { Now } from '../../shared/time.ts';
import type { SalesReads, SalesRow } from '../orders/index.ts';
import { beginningsBetween, localDay, startOfDay } from './calendar.ts';
import { periodOf } from './period.ts';
import { MAX_DAYS, type SalesQuery, type SalesSeries } from './sales.schema.ts';

const USUAL_DAYS = 30;
const TOP_PRODUCTS = 10;

/** What sales must know of a store. */
export interface StoreCalendars {
  findStore(merchantId: Id): Promise<{ readonly currency: string; readonly timeZone: string } | undefined>;
}

export interface SalesDeps {
  readonly reads: Pick<SalesReads, 'findSeries' | 'findTopProducts'>;
  readonly stores: StoreCalendars;
  readonly now: Now;
}

/** Tells a merchant what was sold when, in the store's own days. */
export class SalesService {
  readonly #deps: SalesDeps;

  constructor(deps: SalesDeps) {
    this.#deps = deps;
  }

  async getSeries({ scope }: Pick<MerchantContext, 'scope'>, { unit, ...asked }: SalesQuery): Promise<SalesSeries> {
    const { reads, stores, now } = this.#deps;
    const store = await stores.findStore(scope.merchantId);
    if (store === undefined) throw new Problem(unavailable, 'The store is not there any more');
    const { currency, timeZone } = store;
    const rule = { usualDays: USUAL_DAYS, longestDays: MAX_DAYS[unit], part: 'query' } as const;
    const { from, until } = periodOf(asked, localDay(now(), timeZone), rule);
    const begin = startOfDay(from, timeZone);
    const end = startOfDay(until, timeZone);
    const days = beginningsBetween(from, until, unit);
    // The first week or month may have begun before the first day that was asked for.
    const begins = [begin, ...days.slice(1).map((day) => startOfDay(day, timeZone))];
    const [rows, top] = await Promise.all([
      reads.findSeries([...begins, end], { scope }),
      reads.findTopProducts(begin, end, TOP_PRODUCTS, { scope }),
    ]);
    const found = new Map(rows.map((row) => [row.begins.getTime(), row]));
    const at = (index: number) => found.get(begins[index]?.getTime() ?? NaN);
    return {
      unit,
      timeZone,
      from,
      until,
      total: sumsOf(totalOf(rows), currency),
      series: days.map((day, index) => ({ begins: day, ...sumsOf(at(index), currency) })),
      topProducts: top.map(({ productId, title, quantity, revenue }) => ({
        productId: Id.encode(productId),
        title,
        quantity,
        revenue: { amount: revenue, currency },
      })),
    };
  }
}

type Sums = Pick<SalesRow, 'orders' | 'revenue'>;

const NOTHING: Sums = { orders: 0, revenue: 0 };

const totalOf = (rows: readonly Sums[]): Sums =>
  rows.reduce((sum, { orders, revenue }) => ({ orders: sum.orders + orders, revenue: sum.revenue + revenue }), NOTHING);

function sumsOf({ orders, revenue }: Sums = NOTHING, currency: string) {
  const money = (amount: number): Money => ({ amount, currency });
  return { orders, revenue: money(revenue), averageOrder: money(orders === 0 ? 0 : Math.round(revenue / orders)) };
}

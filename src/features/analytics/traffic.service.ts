import { Id } from '../../shared/ids.ts';
import { Problem, unavailable } from '../../shared/problem.ts';
import type { MerchantContext, PublicScope, RequestContext } from '../../shared/scope.ts';
import { HOUR_MS, type Now } from '../../shared/time.ts';
import type { ProductReads } from '../catalog/index.ts';
import { beginningsBetween, localDay, startOfDay, type LocalDay } from './calendar.ts';
import { periodOf } from './period.ts';
import type { StoreCalendars } from './sales.service.ts';
import type { TrafficReads, TrafficRow } from './traffic.reads.ts';
import { MAX_TRAFFIC_DAYS, type TrafficQuery, type TrafficSeries, type TrendingProducts } from './traffic.schema.ts';
import { scoreNow } from './trending.ts';

const USUAL_DAYS = { day: 30, hour: 2 } as const;

export interface TrafficDeps {
  readonly reads: Pick<TrafficReads, 'findHottest' | 'findSeries'>;
  readonly products: Pick<ProductReads, 'findCards'>;
  readonly stores: StoreCalendars;
  readonly now: Now;
}

/** Tells what was looked at and ordered, and what is in demand. */
export class TrafficService {
  readonly #deps: TrafficDeps;

  constructor(deps: TrafficDeps) {
    this.#deps = deps;
  }

  async getSeries({ scope }: MerchantContext, { unit, ...asked }: TrafficQuery): Promise<TrafficSeries> {
    const { reads, stores, now } = this.#deps;
    const store = await stores.findStore(scope.merchantId);
    if (store === undefined) throw new Problem(unavailable, 'The store is not there any more');
    const { timeZone } = store;
    const rule = { usualDays: USUAL_DAYS[unit], longestDays: MAX_TRAFFIC_DAYS[unit], part: 'query' } as const;
    const { from, until } = periodOf(asked, localDay(now(), timeZone), rule);
    const [slots, end] = unit === 'day' ? daySlots(from, until) : hourSlots(from, until, timeZone);
    const rows = await reads.findSeries(unit, slots[0] ?? from, end, { scope });
    const found = new Map(rows.map(({ slot, type, count }) => [`${type} ${slot}`, count]));
    const series = slots.map((begins) => ({
      begins,
      views: found.get(`product.viewed ${begins}`) ?? 0,
      orders: found.get(`order.placed ${begins}`) ?? 0,
    }));
    return { unit, timeZone, from, until, total: totalOf(rows), series };
  }

  async getTrending({ scope }: RequestContext<PublicScope>, merchantId: Id, limit: number): Promise<TrendingProducts> {
    const { reads, products, now } = this.#deps;
    // More than are shown: some may have been taken off sale.
    const hottest = await reads.findHottest(merchantId, 2 * limit, { scope });
    const ids = hottest.map(({ _id }) => _id);
    if (ids.length === 0) return { data: [] };
    const cards = await products.findCards(merchantId, ids, { scope });
    const at = now();
    const shown = hottest.flatMap(({ _id, score }) => {
      const product = cards.get(Id.encode(_id));
      return product === undefined ? [] : [{ product, score: rounded(scoreNow(score, at)) }];
    });
    return { data: shown.slice(0, limit) };
  }
}

type Slots = readonly [slots: readonly string[], end: string];

const daySlots = (from: LocalDay, until: LocalDay): Slots => [beginningsBetween(from, until, 'day'), until];

/** Where a day begins in the middle of an hour of UTC, that hour is there as a whole. */
function hourSlots(from: LocalDay, until: LocalDay, timeZone: string): Slots {
  const first = Math.floor(startOfDay(from, timeZone).getTime() / HOUR_MS);
  const end = Math.ceil(startOfDay(until, timeZone).getTime() / HOUR_MS);
  return [Array.from({ length: end - first }, (_, index) => hourSlot(first + index)), hourSlot(end)];
}

const hourSlot = (hours: number): string => `${new Date(hours * HOUR_MS).toISOString().slice(0, 13)}:00Z`;

function totalOf(rows: readonly TrafficRow[]): TrafficSeries['total'] {
  const sum = (wanted: string): number =>
    rows.reduce((total, { type, count }) => (type === wanted ? total + count : total), 0);
  const [views, orders] = [sum('product.viewed'), sum('order.placed')];
  return { views, orders, conversion: views === 0 ? 0 : rounded(orders / views) };
}

const rounded = (figure: number): number => Math.round(figure * 10_000) / 10_000;

import type { Transact, TransactionAccess } from '../../platform/database/transaction.ts';
import type { AppendEvent } from '../../platform/outbox/event.ts';
import { pick } from '../../shared/difference.ts';
import { newId, type Id } from '../../shared/ids.ts';
import { demandVersion } from '../../shared/precondition.ts';
import { Problem } from '../../shared/problem.ts';
import type { MerchantContext } from '../../shared/scope.ts';
import type { Now } from '../../shared/time.ts';
import { locationCreated, stockChanged } from './stock.events.ts';
import type { StockLevel } from './stock.model.ts';
import { locationNotFound, outOfStock, stockNotFound } from './stock.problems.ts';
import { presentLocation, presentStock, type StockReads } from './stock.reads.ts';
import type { CreateLocation, LocationView, StockView } from './stock.schema.ts';
import type { FoundStock, StockStore } from './stock.store.ts';
import type { Turns } from './turns.ts';

export interface StockDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly store: Pick<StockStore, 'adjust' | 'insertLevel' | 'insertLocation' | 'set'>;
  readonly reads: Pick<StockReads, 'findLevel' | 'hasLocation'>;
  readonly turns: Pick<Turns, 'inTurn'>;
  readonly now: Now;
}

/** One variant at one location. */
export interface Place {
  readonly locationId: Id;
  readonly sku: string;
}

/** What lay at a place, where something did, and what does now. */
interface Written {
  readonly found?: StockLevel;
  readonly level: StockLevel;
}

/** What a merchant does with stock. */
export class StockService {
  readonly #deps: StockDeps;

  constructor(deps: StockDeps) {
    this.#deps = deps;
  }

  createLocation(context: MerchantContext, { name }: CreateLocation): Promise<LocationView> {
    const { transact, appendEvent, store, now } = this.#deps;
    const location = { _id: newId(), merchantId: context.scope.merchantId, name, createdAt: now() };
    return transact(context, async (access) => {
      await store.insertLocation(location, access);
      const change = { target: { kind: 'location', id: location._id }, after: { name } };
      await appendEvent(context, locationCreated(location), access, change);
      return presentLocation(location);
    });
  }

  async get({ scope }: MerchantContext, place: Place): Promise<StockView> {
    return presentStock((await this.#deps.reads.findLevel(place.locationId, place.sku, { scope })) ?? notKept(place));
  }

  /** Sets what a count has found; keeps stock of the variant at this place from then on. */
  set(context: MerchantContext, place: Place, counted: FoundStock): Promise<StockView> {
    const { store } = this.#deps;
    return this.#write(context, place, async (access) => {
      const found = await this.#deps.reads.findLevel(place.locationId, place.sku, access);
      demandVersion(context, found?.version ?? 0);
      if (found === undefined) return { level: await this.#begin(context, place, counted, access) };
      return { found, level: (await store.set(found._id, counted, access)) ?? notKept(place) };
    });
  }

  /** Adds what has come in, or takes away what is broken or lost. */
  adjust(context: MerchantContext, place: Place, change: number): Promise<StockView> {
    return this.#write(context, place, async (access) => {
      const found = (await this.#deps.reads.findLevel(place.locationId, place.sku, access)) ?? notKept(place);
      const adjusted = await this.#deps.store.adjust(found._id, change, access);
      if (adjusted !== undefined) return { found, level: adjusted };
      const { available } = found;
      throw new Problem(outOfStock, `Only ${String(available)} of ${place.sku} are there`, {
        sku: place.sku,
        available,
      });
    });
  }

  /** In turn with all who sell of it or count it. */
  #write(
    context: MerchantContext,
    place: Place,
    write: (access: TransactionAccess) => Promise<Written>,
  ): Promise<StockView> {
    const { transact, appendEvent, turns } = this.#deps;
    const claim = { ...place, quantity: 0, merchantId: context.scope.merchantId };
    return turns.inTurn([claim], context.deadlineAt, () =>
      transact(context, async (access) => {
        const { found, level } = await write(access);
        const change = { target: { kind: 'stock', id: level._id }, before: shown(found), after: shown(level) };
        await appendEvent(context, stockChanged(level), access, change);
        return presentStock(level);
      }),
    );
  }

  async #begin(
    { scope }: MerchantContext,
    { locationId, sku }: Place,
    counted: FoundStock,
    access: TransactionAccess,
  ): Promise<StockLevel> {
    const { reads, store } = this.#deps;
    if (!(await reads.hasLocation(locationId, access)))
      throw new Problem(locationNotFound, 'There is no such location');
    const level = { _id: newId(), merchantId: scope.merchantId, locationId, sku, ...counted, version: 1 };
    await store.insertLevel(level, access);
    return level;
  }
}

/** What the audit log tells of a level. */
const shown = (level: StockLevel | undefined): Partial<StockLevel> =>
  level === undefined ? {} : pick(level, ['locationId', 'sku', 'available', 'lowStockAt']);

function notKept({ sku }: Place): never {
  throw new Problem(stockNotFound, `No stock of ${sku} is kept at this location`);
}

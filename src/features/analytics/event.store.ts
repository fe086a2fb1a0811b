import { LRUCache } from 'lru-cache';
import type { ScopedModel } from '../../platform/database/collection.ts';
import { keysetPages } from '../../platform/database/keyset.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import type { Transact, TransactionAccess } from '../../platform/database/transaction.ts';
import type { AnalyticsEvent } from '../../platform/queue/outlets.ts';
import { Id } from '../../shared/ids.ts';
import { HOUR_MS, MINUTE_MS } from '../../shared/time.ts';
import { STATE_ID, type RollupState, type StoredEvent } from './analytics.model.ts';
import { localDay } from './calendar.ts';

export interface EventStoreDeps {
  readonly events: ScopedModel<StoredEvent>;
  readonly state: ScopedModel<RollupState>;
  readonly transact: Transact;
  /** The time zones of stores, by their ids; those that are not there are left out. */
  readonly findTimeZones: (merchantIds: readonly Id[]) => Promise<ReadonlyMap<string, string>>;
}

/** What a batch has brought. */
export interface Appended {
  /** How many of its events were new. */
  readonly added: number;
  /** How many batches wait to be rolled up by now. */
  readonly behind: number;
}

const access = asSystem('analytics');
const ZONES = 10_000;
const ZONE_MS = 10 * MINUTE_MS;

/** Keeps events, each once. */
export class EventStore {
  readonly #deps: EventStoreDeps;
  readonly #zones = new LRUCache<string, string>({ max: ZONES, ttl: ZONE_MS });

  constructor(deps: EventStoreDeps) {
    this.#deps = deps;
  }

  /**
   * Adds those events that are not there yet, as one batch. Batches are numbered in the order of their commits, as each
   * moves the one counter: whoever sees a number sees all events up to it.
   */
  async append(sent: readonly AnalyticsEvent[]): Promise<Appended> {
    const { events, state, transact } = this.#deps;
    const once = [...new Map(sent.map((event) => [Id.encode(event.id), event])).values()];
    const zones = await this.#zonesOf(once);
    // Of a store that has gone nobody asks for figures.
    const rows = once.flatMap((event) => storedEvent(event, zones.get(Id.encode(event.merchantId))) ?? []);
    if (rows.length === 0) return { added: 0, behind: 0 };
    return transact(access, async (within) => {
      const counter = await state
        .findOneAndUpdate(
          { _id: STATE_ID },
          { $inc: { batch: 1 }, $setOnInsert: { through: 0, rolling: null } },
          { ...within, upsert: true, returnDocument: 'after' },
        )
        .lean<RollupState>();
      const known = await this.#known(rows, within);
      const { batch, through } = counter;
      const fresh = rows.filter(({ _id }) => !known.has(Id.encode(_id)));
      const inserts = fresh.map((row) => ({ insertOne: { document: { ...row, batch } } }));
      if (inserts.length > 0) await events.bulkWrite(inserts, within);
      return { added: inserts.length, behind: batch - through };
    });
  }

  /** The stores of which there are events, by id, behind one of them. Costs a read a store. */
  async *stores(after?: Id): AsyncGenerator<Id> {
    const from = after && { merchantId: after };
    const pages = keysetPages<Pick<StoredEvent, 'merchantId'>>(
      1,
      (limit, last) =>
        this.#deps.events
          .find(last === undefined ? {} : { merchantId: { $gt: last.merchantId } }, { merchantId: 1 }, access)
          .sort({ merchantId: 1, hour: 1 })
          .limit(limit)
          .lean<Pick<StoredEvent, 'merchantId'>[]>(),
      from,
    );
    for await (const [first] of pages) if (first !== undefined) yield first.merchantId;
  }

  async #known(rows: readonly Pick<StoredEvent, '_id'>[], within: TransactionAccess): Promise<ReadonlySet<string>> {
    const ids = rows.map(({ _id }) => _id);
    const found = await this.#deps.events
      .find({ _id: { $in: ids } }, { _id: 1 }, within)
      .limit(ids.length)
      .lean<Pick<StoredEvent, '_id'>[]>();
    return new Set(found.map(({ _id }) => Id.encode(_id)));
  }

  async #zonesOf(events: readonly AnalyticsEvent[]): Promise<ReadonlyMap<string, string>> {
    const ids = new Map(events.map(({ merchantId }) => [Id.encode(merchantId), merchantId]));
    // Held from here on: what is remembered of one may be forgotten while another is asked for, or remembered.
    const zones = new Map<string, string>();
    for (const hex of ids.keys()) {
      const zone = this.#zones.get(hex);
      if (zone !== undefined) zones.set(hex, zone);
    }
    const unknown = [...ids].filter(([hex]) => !zones.has(hex)).map(([, id]) => id);
    if (unknown.length === 0) return zones;
    for (const [hex, zone] of await this.#deps.findTimeZones(unknown)) {
      zones.set(hex, zone);
      this.#zones.set(hex, zone);
    }
    return zones;
  }
}

/** An event with its hour and its store's day; none where the store's time zone is not known. */
export function storedEvent(
  event: AnalyticsEvent,
  timeZone: string | undefined,
): Omit<StoredEvent, 'batch'> | undefined {
  if (timeZone === undefined) return undefined;
  const { id, merchantId, type, subjectId = null, value = 0, occurredAt } = event;
  const hour = new Date(Math.floor(occurredAt.getTime() / HOUR_MS) * HOUR_MS);
  return { _id: id, merchantId, type, subjectId, value, occurredAt, hour, day: localDay(occurredAt, timeZone) };
}

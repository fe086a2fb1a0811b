import { randomUUID } from 'node:crypto';
import type { PipelineStage } from 'mongoose';
import type { ScopedModel } from '../../platform/database/collection.ts';
import { duplicateKey } from '../../platform/database/failures.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import { DAY_MS, HOUR_MS, type Now } from '../../shared/time.ts';
import { EVENTS_KEPT_DAYS, STATE_ID } from './analytics.model.ts';
import type { Rollup, RollupState, StoredEvent, Trend, Unit } from './analytics.model.ts';
import { addDays, localDay, type LocalDay } from './calendar.ts';
import type { Period } from './period.ts';
import { addUp, countBySlot, countTrends, replaceOlder } from './rollup.pipelines.ts';

type Events = Pick<ScopedModel<StoredEvent>, 'aggregate'>;

export interface RollupDeps {
  readonly events: Events;
  /** The same on the client for reports, which it opens when first asked: a query may take a minute there. */
  readonly connectLong: () => Promise<Events>;
  readonly rollups: ScopedModel<Rollup>;
  readonly trends: ScopedModel<Trend>;
  readonly state: ScopedModel<RollupState>;
  readonly now: Now;
}

/** Days of a store, the last not among them. For hours, those of UTC that begin on days of these names. */
export interface DayRange extends Period {
  readonly merchantId: Id;
}

/** Days before `since` cannot be counted any more: their rows are all that is left of them. */
export class EventsGone extends RangeError {
  constructor(since: LocalDay) {
    super(`Events are kept for ${String(EVENTS_KEPT_DAYS)} days: of those before ${since} not all are there any more`);
  }
}

/** The zone in which days begin first. */
const FIRST_ZONE = 'Etc/GMT-14';

/** Longer than any rebuild takes, so that no event it counts is removed under it. */
const REBUILD_MS = HOUR_MS;

/** Batches that one step takes at most: some 20,000 events. */
const STEP = 40;
const PASSES = 10;
const TRIES = 10;
const UNITS: readonly Unit[] = ['hour', 'day'];

const access = asSystem('rollups');

/** All events of a store in 90 days. What a secondary has not heard of yet would be missing from the rows. */
const longAccess = { ...access, readPreference: 'primary' } as const;

/**
 * Events, added up by hours and by days. Each row knows the last batch that is counted in it, and a batch behind that
 * is not counted again: a step may be repeated, or be done by two at a time, and the figures are the same.
 */
export class Rollups {
  readonly #deps: RollupDeps;

  constructor(deps: RollupDeps) {
    this.#deps = deps;
  }

  /**
   * Rolls up all that has come in, or as much of it as `signal` leaves time for. What a crashed one has begun is done
   * first, in the same step as it had begun it.
   */
  async roll(signal?: AbortSignal): Promise<void> {
    const { events, state } = this.#deps;
    for (let step = await this.#nextStep(); step !== undefined; step = await this.#nextStep()) {
      if (signal?.aborted === true) return;
      const { from, to } = step;
      const batches: PipelineStage = { $match: { batch: { $gt: from, $lte: to } } };
      const merge = (stages: PipelineStage[]) => merged(() => events.aggregate([batches, ...stages], access));
      await merge([...countBySlot(), ...addUp('analytics_rollups', to, ['count', 'value'])]);
      await merge([...countTrends(), ...addUp('analytics_trends', to, ['score'])]);
      await state.updateOne(
        { _id: STATE_ID, through: from, rolling: to },
        { $set: { through: to, rolling: null } },
        access,
      );
    }
  }

  async #nextStep(): Promise<{ readonly from: number; readonly to: number } | undefined> {
    const { state } = this.#deps;
    const found = await state.findOne({ _id: STATE_ID }, null, access).lean<RollupState>();
    if (!found) return undefined;
    const { batch, through, rolling } = found;
    if (rolling !== null) return { from: through, to: rolling };
    if (batch === through) return undefined;
    // Written down before it is begun, so that whoever repeats it repeats the same.
    const to = Math.min(batch, through + STEP);
    await state.updateOne({ _id: STATE_ID, through, rolling: null }, { $set: { rolling: to } }, access);
    return this.#nextStep();
  }

  /**
   * Counts a store's days anew from its events: rows that are wrong are put right, rows that no event stands behind are
   * removed. Goes on beside the rolling, and comes back to the rows that were rolled in the meantime.
   * @returns whether it came to an end: not when each time some were, or when `signal` said to stop
   * @throws EventsGone, and changes nothing, when the range begins before `firstDay`
   */
  async rebuild(range: DayRange, signal?: AbortSignal): Promise<boolean> {
    this.#demandEvents(range);
    for (const unit of UNITS) if (!(await settled(() => this.#rebuildUnit(range, unit), signal))) return false;
    return true;
  }

  /** Counts a store's trends anew, from the events that are kept. @returns as `rebuild` does */
  async rebuildTrends(merchantId: Id, signal?: AbortSignal): Promise<boolean> {
    const { trends } = this.#deps;
    return settled(async () => {
      const [through, run] = [await this.#through(), randomUUID()];
      const counted: PipelineStage[] = [{ $match: { merchantId, batch: { $lte: through } } }, ...countTrends()];
      await this.#mergeLong([...counted, ...replaceOlder('analytics_trends', through, run)]);
      await trends.deleteMany({ merchantId, through: { $lte: through }, rebuild: { $ne: run } }, access);
      return (await trends.exists({ merchantId, through: { $gt: through } }).setOptions(access)) === null;
    }, signal);
  }

  /** The first day that is whole in the events that are kept, wherever the store is or was. */
  firstDay(): LocalDay {
    const oldest = new Date(this.#deps.now().getTime() - EVENTS_KEPT_DAYS * DAY_MS + REBUILD_MS);
    return addDays(localDay(oldest, FIRST_ZONE), 1);
  }

  /**
   * The rows of a store's days, in all subjects together, that say something else than its events.
   * @throws EventsGone when the range begins before `firstDay`
   */
  async findDrift(range: DayRange): Promise<readonly Drift[]> {
    this.#demandEvents(range);
    const events = await this.#deps.connectLong();
    const through = await this.#through();
    const drift: Drift[] = [];
    for (const unit of UNITS) {
      const sums = [{ $match: { subjectId: null } }];
      const counted = await events.aggregate<Counted>(
        [{ $match: { ...eventsOf(range, unit), batch: { $lte: through } } }, ...countBySlot(unit), ...sums],
        longAccess,
      );
      const rows = await this.#deps.rollups
        .find({ ...rowsOf(range, unit), subjectId: null }, ROW_FIELDS, access)
        .lean<Kept[]>();
      // What was rolled meanwhile holds events that were not counted here.
      const moved = new Set(rows.filter((row) => row.through > through).map(keyOf));
      drift.push(...compare(unit, counted, rows).filter((row) => !moved.has(keyOf(row))));
    }
    return drift;
  }

  #demandEvents({ from }: DayRange): void {
    const since = this.firstDay();
    if (from < since) throw new EventsGone(since);
  }

  async #rebuildUnit(range: DayRange, unit: Unit): Promise<boolean> {
    const { rollups } = this.#deps;
    const [through, run] = [await this.#through(), randomUUID()];
    const rows = rowsOf(range, unit);
    const counted: PipelineStage[] = [
      { $match: { ...eventsOf(range, unit), batch: { $lte: through } } },
      ...countBySlot(unit),
    ];
    await this.#mergeLong([...counted, ...replaceOlder('analytics_rollups', through, run)]);
    await rollups.deleteMany({ ...rows, through: { $lte: through }, rebuild: { $ne: run } }, access);
    return (await rollups.exists({ ...rows, through: { $gt: through } }).setOptions(access)) === null;
  }

  async #mergeLong(pipeline: PipelineStage[]): Promise<void> {
    const events = await this.#deps.connectLong();
    await merged(() => events.aggregate(pipeline, longAccess));
  }

  /** How far all rows reach: what is begun is finished first. */
  async #through(): Promise<number> {
    await this.roll();
    const found = await this.#deps.state.findOne({ _id: STATE_ID }, { through: 1 }, access).lean<RollupState>();
    return found?.through ?? 0;
  }
}

/** Of two that insert the same new row at a time one is refused (11000), and finds it when it tries again. */
async function merged(merge: () => PromiseLike<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await merge();
      return;
    } catch (error) {
      if (duplicateKey(error) === undefined || tries === TRIES) throw error;
    }
  }
}

async function settled(pass: () => Promise<boolean>, signal: AbortSignal | undefined): Promise<boolean> {
  for (let passes = 0; passes < PASSES && signal?.aborted !== true; passes += 1) if (await pass()) return true;
  return false;
}

export interface Drift {
  readonly unit: Unit;
  readonly slot: string;
  readonly type: string;
  readonly counted: number;
  readonly kept: number;
}

type Counted = Pick<Rollup, 'count' | 'slot' | 'type' | 'value'>;
const ROW_FIELDS = { slot: 1, type: 1, count: 1, value: 1, through: 1 } as const;
type Kept = Pick<Rollup, keyof typeof ROW_FIELDS>;

const keyOf = ({ type, slot }: Pick<Rollup, 'slot' | 'type'>): string => JSON.stringify([type, slot]);

function compare(unit: Unit, counted: readonly Counted[], kept: readonly Counted[]): Drift[] {
  const byKey = (rows: readonly Counted[]) => new Map(rows.map((row) => [keyOf(row), row]));
  const [is, was] = [byKey(counted), byKey(kept)];
  return [...new Map([...was, ...is])].flatMap(([name, { type, slot }]) => {
    const [one = NOTHING, other = NOTHING] = [is.get(name), was.get(name)];
    if (one.count === other.count && one.value === other.value) return [];
    return [{ unit, slot, type, counted: one.count, kept: other.count }];
  });
}

const NOTHING = { count: 0, value: 0 };

const startOf = (day: LocalDay): number => Date.parse(`${day}T00:00:00Z`);

/** By hours, since those are indexed; no calendar is further than a day from UTC. */
function eventsOf({ merchantId, from, until }: DayRange, unit: Unit) {
  const marginMs = unit === 'day' ? DAY_MS : 0;
  const hour = { $gte: new Date(startOf(from) - marginMs), $lt: new Date(startOf(until) + marginMs) };
  return { merchantId, hour, ...(unit === 'day' && { day: { $gte: from, $lt: until } }) };
}

/** The name of an hour begins with that of its day, and so falls between days. */
const rowsOf = ({ merchantId, from, until }: DayRange, unit: Unit) => ({
  merchantId,
  unit,
  slot: { $gte: from, $lt: until },
});

import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';
import { DAY_SECONDS } from '../../shared/time.ts';
import type { LocalDay } from './calendar.ts';

/** Something that happened once, under its own id. */
export interface StoredEvent {
  _id: Id;
  merchantId: Id;
  /** `product.viewed`, `order.placed`. */
  type: string;
  subjectId: Id | null;
  value: number;
  occurredAt: Date;
  /** The hour of UTC in which it happened, and the day in the store's own calendar as it was then. */
  hour: Date;
  day: LocalDay;
  /** Counted upwards in the order in which events came in, so that it says how far rollups reach. */
  batch: number;
}

export type Unit = 'day' | 'hour';

/** How often something happened in one hour or on one day, with one subject or, where that is null, in all. */
export interface Rollup {
  _id: object;
  merchantId: Id;
  unit: Unit;
  /** `2026-03-02T10:00Z` or `2026-03-02`. */
  slot: string;
  type: string;
  subjectId: Id | null;
  count: number;
  /** Sum of the events' values. */
  value: number;
  /** The last batch that is counted in. */
  through: number;
  /** The rebuild that has last written it. */
  rebuild: string | null;
}

/** How wanted a product is; see `trending.ts`. */
export interface Trend {
  _id: Id;
  merchantId: Id;
  score: number;
  through: number;
  rebuild: string | null;
}

/** How far the events have come in, and how far they are rolled up. There is one. */
export interface RollupState {
  _id: string;
  batch: number;
  through: number;
  /** Up to where somebody is rolling, or was when it died. */
  rolling: number | null;
}

const id = { type: Schema.Types.ObjectId, required: true };
const subject = { type: Schema.Types.ObjectId, default: null };
const number = { type: Number, required: true };
const text = { type: String, required: true };
const moment = { type: Date, required: true };
const rolled = { through: number, rebuild: { type: String, default: null } };

/** Events are what rollups can be rebuilt from; older ones are kept as rollups only. */
export const EVENTS_KEPT_DAYS = 90;

export const trackedEvents = storedCollection<StoredEvent>({
  name: 'AnalyticsEvent',
  collection: 'analytics_events',
  fields: {
    merchantId: id,
    type: text,
    subjectId: subject,
    value: number,
    occurredAt: moment,
    hour: moment,
    day: text,
    batch: number,
  },
  scopes: { system: () => ({}) },
  joins: () => [rollups, trends],
  indexes: [
    { name: 'batch', serves: 'Rollups.roll', key: { batch: 1 } },
    { name: 'hours_of_store', serves: 'Rollups.rebuild and findDrift', key: { merchantId: 1, hour: 1 } },
    {
      name: 'old_events',
      serves: 'removal of what is counted long since',
      key: { occurredAt: 1 },
      expireAfterSeconds: EVENTS_KEPT_DAYS * DAY_SECONDS,
    },
  ],
});

export const rollups = storedCollection<Rollup>({
  name: 'AnalyticsRollup',
  collection: 'analytics_rollups',
  fields: {
    _id: { type: Schema.Types.Mixed, required: true },
    merchantId: id,
    unit: { ...text, enum: ['hour', 'day'] },
    slot: text,
    type: text,
    subjectId: subject,
    count: number,
    value: number,
    ...rolled,
  },
  scopes: { merchant: ({ merchantId }) => ({ merchantId }), system: () => ({}) },
  indexes: [
    {
      name: 'series',
      serves: 'TrafficReads.findSeries; Rollups.rebuild and findDrift',
      key: { merchantId: 1, unit: 1, subjectId: 1, slot: 1 },
    },
    { name: 'slots', serves: 'Rollups.rebuild: what no event stands behind', key: { merchantId: 1, unit: 1, slot: 1 } },
  ],
});

export const trends = storedCollection<Trend>({
  name: 'AnalyticsTrend',
  collection: 'analytics_trends',
  fields: { merchantId: id, score: number, ...rolled },
  scopes: {
    merchant: ({ merchantId }) => ({ merchantId }),
    // What is in demand is shown to everybody.
    public: () => ({}),
    system: () => ({}),
  },
  indexes: [{ name: 'hottest', serves: 'TrendReads.findHottest', key: { merchantId: 1, score: -1, _id: 1 } }],
});

export const rollupState = storedCollection<RollupState>({
  name: 'AnalyticsState',
  collection: 'analytics_state',
  fields: { _id: text, batch: number, through: number, rolling: { type: Number, default: null } },
  scopes: { system: () => ({}) },
  indexes: [],
});

export const STATE_ID = 'events';

import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { ReportFormat } from '../../platform/queue/outlets.ts';
import type { Id } from '../../shared/ids.ts';
import { DAY_SECONDS } from '../../shared/time.ts';
import type { LocalDay } from '../analytics/index.ts';
import { KIND_NAMES, type KindName } from './kinds/index.ts';
import { REPORT_STATES, type ReportState } from './report.state.ts';

export const FORMATS = ['csv', 'pdf', 'xlsx'] as const satisfies readonly ReportFormat[];

/** Why there is no report. */
export const FAILURES = ['too-many-rows', 'store-failed', 'merchant-gone', 'abandoned', 'failed'] as const;
export type ReportFailure = (typeof FAILURES)[number];
/** What no further attempt would change, and no fault of ours. */
export const EXPECTED_FAILURES = ['too-many-rows', 'merchant-gone'] as const satisfies readonly ReportFailure[];

/** A report from being asked for until some time after its file is gone. */
export interface Report {
  _id: Id;
  merchantId: Id;
  kind: KindName;
  format: ReportFormat;
  /** First day, in the store's time zone. */
  from: LocalDay;
  /** The day after the last. */
  until: LocalDay;
  state: ReportState;
  /** From 0 to 100. */
  progress: number;
  /** Who is told when it is ready. */
  emails: string[];
  /** Null for what a schedule has asked for. */
  requestedBy: Id | null;
  /** One of the few places that a store's unfinished reports share; null once it is finished. */
  slot: number | null;
  /** What it tells of, while it is unfinished: whoever asks for the same gets this one. */
  inFlight: string | null;
  attempts: number;
  /** Of several that were started, the one that counts. */
  builder: string | null;
  /** When it was asked for, or its builder was heard of for the last time. */
  beatAt: Date;
  rows: number | null;
  bytes: number | null;
  failure: ReportFailure | null;
  requestedAt: Date;
  finishedAt: Date | null;
  /** When its file is removed; of one that failed or was cancelled, when it was seen to that it has left none. */
  expiresAt: Date | null;
}

const KEPT_SECONDS = 90 * DAY_SECONDS;

const text = { type: String, required: true };
const date = { type: Date, default: null };
const number = { type: Number, default: null };

export const reportCollection = storedCollection<Report>({
  name: 'Report',
  collection: 'reports',
  fields: {
    merchantId: { type: Schema.Types.ObjectId, required: true, immutable: true },
    kind: { ...text, enum: KIND_NAMES, immutable: true },
    format: { ...text, enum: FORMATS, immutable: true },
    from: { ...text, immutable: true },
    until: { ...text, immutable: true },
    state: { ...text, enum: REPORT_STATES },
    progress: { type: Number, required: true },
    emails: { type: [String], required: true },
    requestedBy: { type: Schema.Types.ObjectId, default: null },
    slot: number,
    inFlight: { type: String, default: null },
    attempts: { type: Number, required: true },
    builder: { type: String, default: null },
    beatAt: { type: Date, required: true },
    rows: number,
    bytes: number,
    failure: { type: String, default: null },
    requestedAt: { type: Date, required: true, immutable: true },
    finishedAt: date,
    expiresAt: date,
  },
  scopes: { merchant: ({ merchantId }) => ({ merchantId }), system: () => ({}) },
  indexes: [
    {
      name: 'merchant_newest',
      serves: 'ReportReads.findPage',
      key: { merchantId: 1, requestedAt: -1, _id: -1 },
    },
    {
      name: 'one_per_slot',
      serves: 'ReportReads.findUnfinished; a store has only so many unfinished reports',
      key: { merchantId: 1, slot: 1 },
      unique: true,
      partialFilterExpression: { slot: { $gte: 0 } },
    },
    {
      name: 'one_in_flight',
      serves: 'that two who ask for the same at the same moment get one report',
      key: { merchantId: 1, inFlight: 1 },
      unique: true,
      partialFilterExpression: { inFlight: { $type: 'string' } },
    },
    { name: 'expiring', serves: 'ReportReads.findExpired, findUncleared', key: { state: 1, expiresAt: 1 } },
    { name: 'silent', serves: 'ReportStore.failAbandoned, failForgotten', key: { state: 1, beatAt: 1 } },
    {
      name: 'requested',
      serves: 'removal after 90 days',
      key: { requestedAt: 1 },
      expireAfterSeconds: KEPT_SECONDS,
    },
  ],
});

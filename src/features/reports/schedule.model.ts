import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { ReportFormat } from '../../platform/queue/outlets.ts';
import type { Id } from '../../shared/ids.ts';
import type { LocalDay, Unit } from '../analytics/index.ts';
import { KIND_NAMES, type KindName } from './kinds/index.ts';
import { FORMATS } from './report.model.ts';
import { EVERY } from './report.schema.ts';

/** That a store gets a report of each day, week or month. */
export interface ReportSchedule {
  _id: Id;
  merchantId: Id;
  kind: KindName;
  format: ReportFormat;
  every: Unit;
  emails: string[];
  isPaused: boolean;
  /** The day, in the store's time zone, with which the next period ends: its report is made from then on. */
  nextDay: LocalDay;
  /** When that day begins. */
  nextAt: Date;
  createdAt: Date;
}

/** What the audit log tells of a schedule. */
export const AUDITED = ['kind', 'format', 'every', 'emails', 'isPaused'] as const;

const text = { type: String, required: true };

export const scheduleCollection = storedCollection<ReportSchedule>({
  name: 'ReportSchedule',
  collection: 'report_schedules',
  fields: {
    merchantId: { type: Schema.Types.ObjectId, required: true, immutable: true },
    kind: { ...text, enum: KIND_NAMES, immutable: true },
    format: { ...text, enum: FORMATS, immutable: true },
    every: { ...text, enum: EVERY, immutable: true },
    emails: { type: [String], required: true },
    isPaused: { type: Boolean, required: true },
    nextDay: text,
    nextAt: { type: Date, required: true },
    createdAt: { type: Date, required: true, immutable: true },
  },
  scopes: { merchant: ({ merchantId }) => ({ merchantId }), system: () => ({}) },
  indexes: [
    { name: 'oldest', serves: 'ScheduleReads.findPage', key: { merchantId: 1, _id: 1 } },
    { name: 'due', serves: 'ScheduleReads.findDue', key: { isPaused: 1, nextAt: 1, _id: 1 } },
  ],
});

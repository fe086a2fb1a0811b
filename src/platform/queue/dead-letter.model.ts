import { Schema } from 'mongoose';
import type { Id } from '../../shared/ids.ts';
import { DAY_SECONDS } from '../../shared/time.ts';
import { storedCollection } from '../database/collection.ts';

/** A job that failed for good, kept until somebody has seen to it. */
export interface DeadLetter {
  _id: Id;
  queue: string;
  jobId: string;
  name: string;
  /** As it travelled. */
  payload: unknown;
  reason: string;
  /** The stacks of the last attempts, the latest last. */
  stacks: readonly string[];
  attempts: number;
  failedAt: Date;
  state: 'discarded' | 'open' | 'replayed';
  settledAt: Date | null;
  /** Operators are still to be told of it. */
  alertDue: boolean;
}

const KEPT_SECONDS = 90 * DAY_SECONDS;

export const deadLetters = storedCollection<DeadLetter>({
  name: 'DeadLetter',
  collection: 'dead_letters',
  fields: {
    queue: { type: String, required: true },
    jobId: { type: String, required: true },
    name: { type: String, required: true },
    payload: { type: Schema.Types.Mixed },
    reason: { type: String, required: true },
    stacks: { type: [String], required: true },
    attempts: { type: Number, required: true },
    failedAt: { type: Date, required: true },
    state: { type: String, enum: ['discarded', 'open', 'replayed'], required: true },
    settledAt: { type: Date, default: null },
    alertDue: { type: Boolean, default: false },
  },
  scopes: { system: () => ({}) },
  indexes: [
    {
      name: 'occurrence',
      serves: 'DeadLetterStore: one failure is noted once, however many tell of it',
      key: { queue: 1, jobId: 1, failedAt: 1 },
      unique: true,
    },
    { name: 'newest', serves: 'DeadLetterStore: the list', key: { state: 1, failedAt: -1, _id: -1 } },
    {
      name: 'newest_of_queue',
      serves: 'DeadLetterStore: the list of one queue',
      key: { state: 1, queue: 1, failedAt: -1, _id: -1 },
    },
    {
      name: 'alert_due',
      serves: 'DeadLetterStore: those that operators are still to be told of',
      key: { alertDue: 1, failedAt: 1 },
      partialFilterExpression: { alertDue: true },
    },
    { name: 'expiry', serves: 'removal after 90 days', key: { failedAt: 1 }, expireAfterSeconds: KEPT_SECONDS },
  ],
});

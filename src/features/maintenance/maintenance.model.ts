import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Findings } from '../../shared/walk.ts';

/** The last run of a task. */
export interface MaintenanceRun {
  /** The task's name. */
  _id: string;
  startedAt: Date;
  durationMs: number;
  result: 'done' | 'failed';
  /** For a walk: of all its runs so far. */
  findings: Findings;
}

export const maintenanceRuns = storedCollection<MaintenanceRun>({
  name: 'MaintenanceRun',
  collection: 'maintenance_runs',
  fields: {
    _id: { type: String, required: true },
    startedAt: { type: Date, required: true },
    durationMs: { type: Number, required: true },
    result: { type: String, enum: ['done', 'failed'], required: true },
    findings: { type: Schema.Types.Mixed, required: true },
  },
  scopes: { system: () => ({}) },
  indexes: [],
});

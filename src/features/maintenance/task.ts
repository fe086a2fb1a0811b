import type { Findings, Walk } from '../../shared/walk.ts';

/** Something that keeps the house in order: run at set times, bounded in each run, and harmless to repeat. */
export interface MaintenanceTask {
  /**
   * Does what there is to do, until `signal` says that it has taken long enough, then returns; the next run goes on.
   * @param walk where to go on, for those that go through more than one run may do
   * @returns what it has found, in numbers
   */
  run(signal: AbortSignal, walk: Walk): Promise<Findings>;
}

/** The findings that somebody should look into when they are not 0. */
export const ALARMING: ReadonlySet<string> = new Set([
  'broken',
  'drifted',
  'failed',
  'missing',
  'overdue',
  'parked',
  'unsettled',
]);

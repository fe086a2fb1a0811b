import type { Schedule } from '../platform/queue/schedule.ts';

/** All that is done at set times. */
export const schedules: readonly Schedule[] = [];

import { analyticsSchedules } from '../features/analytics/index.ts';
import { maintenanceSchedules } from '../features/maintenance/index.ts';
import { reportSchedules } from '../features/reports/index.ts';
import type { Schedule } from '../platform/queue/schedule.ts';

/** All that is done at set times. */
export const schedules: readonly Schedule[] = [...analyticsSchedules, ...maintenanceSchedules, ...reportSchedules];

export { analyticsSchedules } from './analytics.schedules.ts';
export { addDays, beginOf, daysBetween, localDay, startOfDay } from './calendar.ts';
export type { LocalDay, Unit } from './calendar.ts';
export { orderStatistics } from './order.statistics.ts';
export { askedPeriod, periodOf } from './period.ts';
export type { Period } from './period.ts';
export type { SalesService } from './sales.service.ts';

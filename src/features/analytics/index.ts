export { analyticsSchedules } from './analytics.schedules.ts';
export { orderStatistics } from './order.statistics.ts';

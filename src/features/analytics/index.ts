export { orderStatistics } from './order.statistics.ts';

export { reportSubscriptions } from './report.events.ts';
export { reportSchedules } from './report.schedules.ts';

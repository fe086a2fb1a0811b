export { maintenanceSchedules } from './maintenance.jobs.ts';

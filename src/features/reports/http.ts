import type { Feature } from '../../platform/http/endpoint.ts';
import { reportEndpoints, scheduleEndpoints } from './report.routes.ts';
import type { ReportService } from './report.service.ts';
import type { ScheduleService } from './schedule.service.ts';

export { reportSubscriptionCallback } from './subscription.page.ts';

export const reportFeature = (services: {
  readonly reports: ReportService;
  readonly schedules: ScheduleService;
}): Feature => ({
  name: 'reports',
  endpoints: [...reportEndpoints(services.reports), ...scheduleEndpoints(services.schedules)],
});

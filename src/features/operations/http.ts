import type { Feature } from '../../platform/http/endpoint.ts';
import type { DeadLetterDesk } from '../../platform/queue/dead-letter-desk.ts';
import type { ScheduleDesk } from '../../platform/queue/schedule.desk.ts';
import { deadLetterEndpoints } from './dead-letter.routes.ts';
import { scheduleEndpoints } from './schedule.routes.ts';

/** What operators see of and do to the queues. */
export const operationsFeature = (services: {
  readonly deadLetters: DeadLetterDesk;
  readonly schedules: Pick<ScheduleDesk, 'list'>;
}): Feature => ({
  name: 'operations',
  endpoints: [...deadLetterEndpoints(services.deadLetters), ...scheduleEndpoints(services.schedules)],
});

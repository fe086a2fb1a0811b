import { z } from 'zod';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import type { ScheduleRunner } from '../../platform/queue/schedule.runner.ts';
import { Timestamp } from '../../shared/time.ts';

const ScheduleView = z
  .strictObject({
    name: z.string(),
    cron: z.string(),
    timeZone: z.string(),
    missed: z.enum(['catch-up', 'skip']),
    lastRunAt: Timestamp.nullable(),
    nextRunAt: Timestamp,
  })
  .meta({ id: 'Schedule' });

export const scheduleEndpoints = (runner: Pick<ScheduleRunner, 'list'>): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/operations/schedules',
    operationId: 'listSchedules',
    summary: 'List what is done at set times, with the last run and the next',
    permission: { scope: 'system', role: 'support' },
    input: z.object({}),
    output: z.strictObject({ data: z.array(ScheduleView) }),
    status: 200,
    problems: [],
    queryBudget: 1,
    idempotent: false,
    async handle() {
      const schedules = await runner.list();
      return {
        data: schedules.map(({ lastSlot, nextSlot, ...schedule }) => ({
          ...schedule,
          lastRunAt: lastSlot?.toISOString() ?? null,
          nextRunAt: nextSlot.toISOString(),
        })),
      };
    },
  }),
];

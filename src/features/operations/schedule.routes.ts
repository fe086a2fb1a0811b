import { z } from 'zod';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import type { Outcome, ScheduleDesk } from '../../platform/queue/schedule.desk.ts';
import { Timestamp } from '../../shared/time.ts';

const LastOutcome = z.strictObject({
  state: z.enum(['done', 'failed', 'running', 'waiting', 'unknown']),
  reason: z.string().nullable(),
  finishedAt: Timestamp.nullable(),
  durationMs: z.int().nullable(),
});

const ScheduleView = z
  .strictObject({
    name: z.string(),
    cron: z.string(),
    timeZone: z.string(),
    missed: z.enum(['catch-up', 'skip']),
    lastRunAt: Timestamp.nullable(),
    lastOutcome: LastOutcome.nullable(),
    nextRunAt: Timestamp,
    runs: z.int(),
  })
  .meta({ id: 'Schedule' });

export const scheduleEndpoints = (desk: Pick<ScheduleDesk, 'list'>): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/operations/schedules',
    operationId: 'listSchedules',
    summary: 'List what is done at set times, with the last run, what came of it, and the next',
    permission: { scope: 'system', role: 'support' },
    input: z.object({}),
    output: z.strictObject({ data: z.array(ScheduleView) }),
    status: 200,
    problems: [],
    queryBudget: 3,
    idempotent: false,
    async handle() {
      const schedules = await desk.list();
      return {
        data: schedules.map(({ lastSlot, nextSlot, outcome, ...schedule }) => ({
          ...schedule,
          lastRunAt: lastSlot?.toISOString() ?? null,
          lastOutcome: outcome && presentOutcome(outcome),
          nextRunAt: nextSlot.toISOString(),
        })),
      };
    },
  }),
];

function presentOutcome(outcome: Outcome): z.input<typeof LastOutcome> {
  if (outcome.state === 'unknown') return { state: 'unknown', reason: null, finishedAt: null, durationMs: null };
  const { state, reason = null, finishedAt, durationMs = null } = outcome;
  return { state, reason, finishedAt: finishedAt?.toISOString() ?? null, durationMs };
}

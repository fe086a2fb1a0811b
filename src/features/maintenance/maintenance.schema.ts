import { z } from 'zod';
import { Timestamp } from '../../shared/time.ts';

const LastRun = z.strictObject({
  startedAt: Timestamp,
  durationMs: z.int(),
  result: z.enum(['done', 'failed']),
  findings: z.record(z.string(), z.number()),
});

export const MaintenanceView = z
  .strictObject({
    data: z.array(z.strictObject({ task: z.string(), cron: z.string(), lastRun: LastRun.nullable() })),
  })
  .meta({
    id: 'Maintenance',
    description: 'What is done at set times (UTC), and what the last run of each has found.',
  });
export type MaintenanceView = z.input<typeof MaintenanceView>;

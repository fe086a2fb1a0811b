import { z } from 'zod';
import { requestJob, type JobContract, type JobRequest } from '../../src/platform/queue/job.ts';
import { QueueService } from '../../src/platform/queue/queue.service.ts';
import { queueSettings } from '../../src/platform/queue/settings.ts';

const NoOp = z.strictObject({ merchantId: z.string(), orderId: z.string() });

/** A job such as those of orders, with nothing to do. */
export const noOp: JobContract<typeof NoOp> = {
  queue: 'bench',
  name: 'bench.no-op',
  payload: NoOp,
  idOf: ({ orderId }) => `bench.no-op-${orderId}`,
};

export const QUEUES = { bench: queueSettings({ concurrency: 50 }) };

export const payloadOf = (n: number) => ({ merchantId: '665f1c0c2f8b9a0012345678', orderId: `order-${String(n)}` });
export const requestOf = (n: number): JobRequest => requestJob(noOp, payloadOf(n));

export async function queueService(redisUrl: string, prefix: string): Promise<QueueService> {
  const never = () => Promise.reject(new Error('not asked for'));
  const service = new QueueService({
    redis: { url: redisUrl },
    prefix,
    queues: QUEUES,
    transact: never,
    appendEvent: never,
    mails: { insert: never },
    outlets: { sendSMS: never, generateReport: never, audit: never },
    now: () => new Date(),
  });
  await service.initialize();
  while ((await service.getHealthStatus()).overall === 'unhealthy')
    await new Promise((resolve) => setTimeout(resolve, 20));
  return service;
}

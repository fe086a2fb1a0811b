import { expect, test } from '@jest/globals';
import type { Job } from 'bullmq';
import { fateOf } from './job-fate.ts';

test('why a job has failed is told without the secrets that its error may hold', async () => {
  const failedReason = 'connect mongodb://shop:pa55word@db.example failed';
  const job = { getState: () => Promise.resolve('failed'), failedReason } as unknown as Job<unknown>;
  expect(await fateOf(job)).toEqual({
    state: 'failed',
    reason: 'connect mongodb://shop:[redacted]@db.example failed',
  });
});

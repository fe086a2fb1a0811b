import { expect, jest, test } from '@jest/globals';
import { DelayedError, type Job } from 'bullmq';
import { z } from 'zod';
import { DatabaseAway } from '../database/failures.ts';
import { bullProcessor } from './bull.ts';
import { jobHandler } from './job.ts';

/** Has a job fail by an error. @returns what BullMQ is told, and until when it was put off */
async function failBy(error: Error) {
  const contract = { queue: 'chores', name: 'chore', payload: z.strictObject({}), idOf: () => 'chore' };
  const handler = jobHandler({ contract, handle: () => Promise.reject(error) });
  const moveToDelayed = jest.fn<(until: number) => Promise<void>>().mockResolvedValue();
  const job = { name: 'chore', data: {}, opts: {}, timestamp: Date.now(), moveToDelayed } as unknown as Job<unknown>;
  const process = bullProcessor([handler], { timeoutMs: 1_000 }, new AbortController().signal);
  const told: unknown = await process(job, 'token').catch((thrown: unknown) => thrown);
  return { told, until: moveToDelayed.mock.calls[0]?.[0] };
}

test('a job that finds the database away is put off, and loses no attempt', async () => {
  const begunAt = Date.now();
  const { told, until } = await failBy(new DatabaseAway());
  expect(told).toBeInstanceOf(DelayedError);
  expect(until).toBeGreaterThan(begunAt);
});

test.each([
  ['a fault of its own', new Error('a bug')],
  ['a query that takes too long', Object.assign(new Error('exceeded time limit'), { code: 50 })],
])('a job that fails by %s has had an attempt', async (_what, error) => {
  expect(await failBy(error)).toEqual({ told: error, until: undefined });
});

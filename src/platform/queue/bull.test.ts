import { expect, jest, test } from '@jest/globals';
import { DelayedError, type Job, type JobsOptions } from 'bullmq';
import { z } from 'zod';
import { Attempts } from '../../shared/attempts.ts';
import { DAY_MS, SECOND_MS } from '../../shared/time.ts';
import { DatabaseAway } from '../database/failures.ts';
import { bullProcessor, retrying } from './bull.ts';
import { jobHandler, RefusedForNow } from './job.ts';
import { queueSettings } from './settings.ts';

/** Has a job fail by an error. @returns what BullMQ is told, until when it was put off, and how often it is tried */
async function failBy(error: Error) {
  const contract = { queue: 'chores', name: 'chore', payload: z.strictObject({}), idOf: () => 'chore' };
  const handler = jobHandler({ contract, handle: () => Promise.reject(error) });
  const moveToDelayed = jest.fn<(until: number) => Promise<void>>().mockResolvedValue();
  const opts: JobsOptions = { attempts: 2 };
  const job = { name: 'chore', data: {}, opts, timestamp: Date.now(), moveToDelayed } as unknown as Job<unknown>;
  const process = bullProcessor([handler], { timeoutMs: 1_000 }, new AbortController().signal);
  const told: unknown = await process(job, 'token').catch((thrown: unknown) => thrown);
  return { told, until: moveToDelayed.mock.calls[0]?.[0], attempts: opts.attempts };
}

/** As of jobs that do several things, each by itself. */
async function failureOfParts(failure: Error): Promise<Error> {
  const attempts = new Attempts();
  await attempts.make(() => Promise.reject(failure));
  try {
    attempts.demandNoFailure('parts');
  } catch (error) {
    return error as Error;
  }
  throw failure;
}

test('a job that finds the database away is put off, and loses no attempt', async () => {
  const begunAt = Date.now();
  const { told, until } = await failBy(new DatabaseAway());
  expect(told).toBeInstanceOf(DelayedError);
  expect(until).toBeGreaterThan(begunAt);
});

test('a job of several parts that finds the database away is put off', async () => {
  const { told } = await failBy(await failureOfParts(new DatabaseAway()));
  expect(told).toBeInstanceOf(DelayedError);
});

const tooSlow = Object.assign(new Error('exceeded time limit'), { code: 50 });

test.each([
  ['a fault of its own', new Error('a bug')],
  ['a query that takes too long', tooSlow],
  ['a bulk write that takes too long', Object.assign(new Error('bulk write'), { errorResponse: tooSlow })],
  ['a part that takes too long', await failureOfParts(tooSlow)],
])('a job that fails by %s has had an attempt', async (_what, error) => {
  expect(await failBy(error)).toEqual({ told: error, until: undefined, attempts: 2 });
});

test('a job that somebody refuses for now is tried more often than one that fails, for more than a day', async () => {
  const { told, until, attempts = 0 } = await failBy(new RefusedForNow('later'));
  expect(told).toBeInstanceOf(RefusedForNow);
  expect(until).toBeUndefined();
  const pauses = Array.from({ length: attempts - 1 }, (_each, index) => 2 * SECOND_MS * 2 ** index);
  const total = pauses.reduce((sum, pause) => sum + pause, 0);
  // A fifth of each is chance.
  expect(total * 0.8).toBeGreaterThan(DAY_MS);
  expect(total).toBeLessThan(3 * DAY_MS);
});

test('a job that fails after many refusals is tried again, as often as if it were refused; one that somebody takes up by hand is not', () => {
  const settings = queueSettings({ attempts: 8 });
  const attemptsOf = (attemptsMade: number, failedReason?: string) => {
    const opts: JobsOptions = {};
    retrying([], settings)({ name: 'chore', opts, attemptsMade, failedReason } as Job<unknown>);
    return opts.attempts;
  };
  expect([attemptsOf(0), attemptsOf(7, 'no')]).toEqual([8, 8]);
  expect([attemptsOf(8, 'later'), attemptsOf(15, 'later')]).toEqual([17, 17]);
  expect(attemptsOf(8)).toBe(8);
});

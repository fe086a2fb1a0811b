import { expect, jest, test } from '@jest/globals';
import { DelayedError } from 'bullmq';
import { LoopWatchdog } from '../observability/loop-watchdog.ts';
import { watchMemoryCeiling } from '../observability/memory-ceiling.ts';
import { RunningJobs } from './running-jobs.ts';
import { workerMetrics } from './worker-metrics.ts';

test('jobs under way are counted, those done are of the last minute, and each attempt is told with its outcome', async () => {
  const told: string[] = [];
  const jobs = new RunningJobs('email', ({ name }, outcome) => void told.push(`${name} ${outcome}`));
  const gate = Promise.withResolvers<undefined>();
  const running = jobs.track({ name: 'a', id: '1' }, () => gate.promise.then(() => undefined));
  await expect(jobs.track({ name: 'b', id: '2' }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  const later = () => Promise.reject(new DelayedError('later'));
  await expect(jobs.track({ name: 'c', id: '3' }, later)).rejects.toThrow('later');
  expect([jobs.active, jobs.doneLastMinute()]).toEqual([1, 0]);
  expect(jobs.mayHaveHeldUp().map(({ name }) => name)).toEqual(['a', 'c']);
  gate.resolve(undefined);
  await running;
  expect([jobs.active, jobs.doneLastMinute()]).toEqual([0, 1]);
  expect(told).toEqual(['b failed', 'c put-off', 'a done']);
});

test('metrics tell attempts by queue, job and outcome, what is under way, and of the process itself', async () => {
  const metrics = workerMetrics(() => ({ email: 3 }));
  metrics.onAttempt({ queue: 'email', name: 'mail.send', id: '1' }, 'done', 0.02);
  metrics.onDead('email');
  metrics.onBlocked(1_500);
  const text = await metrics.text();
  for (const line of [
    'worker_attempts_total{queue="email",job="mail.send",outcome="done"} 1',
    'worker_attempt_seconds_count{queue="email",job="mail.send"} 1',
    'worker_active_jobs{queue="email"} 3',
    'worker_dead_total{queue="email"} 1',
    'worker_event_loop_blocked_seconds_total 1.5',
    'nodejs_eventloop_lag_seconds',
    'process_resident_memory_bytes',
  ])
    expect(text).toContain(line);
});

test('an event loop that stood still is told of, with how long', async () => {
  const blocks: number[] = [];
  const told = Promise.withResolvers<undefined>();
  const watchdog = new LoopWatchdog((milliseconds) => {
    blocks.push(milliseconds);
    told.resolve(undefined);
  });
  watchdog.start();
  // Let it stand still by the clock that it reads, and not by burning time.
  const skipped = performance.now() + 5_000;
  const clock = jest.spyOn(performance, 'now').mockReturnValue(skipped);
  await told.promise;
  clock.mockRestore();
  watchdog.stop();
  expect(blocks[0]).toBeGreaterThan(4_000);
});

test('a process that holds more than it may is told so once', async () => {
  const reached: number[] = [];
  const looks = [100, 300, 300];
  const told = Promise.withResolvers<undefined>();
  const stop = watchMemoryCeiling(
    200,
    (bytes) => {
      reached.push(bytes);
      told.resolve(undefined);
    },
    () => looks.shift() ?? 300,
    1,
  );
  await told.promise;
  stop();
  expect(reached).toEqual([300]);
  expect(looks).toEqual([300]);
});

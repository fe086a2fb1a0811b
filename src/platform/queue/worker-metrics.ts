import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { OnAttempt } from './running-jobs.ts';

/** From a mail that is not sent twice to a report of a year. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export interface WorkerMetrics {
  readonly onAttempt: OnAttempt;
  readonly onDead: (queue: string) => void;
  readonly onBlocked: (milliseconds: number) => void;
  /** In the format that Prometheus reads. */
  text(): Promise<string>;
}

/** What a worker process tells of itself: attempts, their time, event loop and memory. */
export function workerMetrics(active: () => Readonly<Record<string, number>>): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const attempts = new Counter({
    name: 'worker_attempts_total',
    help: 'Attempts at jobs',
    labelNames: ['queue', 'job', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'worker_attempt_seconds',
    help: 'Time of attempts at jobs',
    labelNames: ['queue', 'job'],
    buckets: SECONDS,
    registers,
  });
  const dead = new Counter({
    name: 'worker_dead_total',
    help: 'Jobs that failed for good',
    labelNames: ['queue'],
    registers,
  });
  const blocked = new Counter({
    name: 'worker_event_loop_blocked_seconds_total',
    help: 'Time in which the event loop stood still for over a second',
    registers,
  });
  new Gauge({
    name: 'worker_active_jobs',
    help: 'Jobs under way',
    labelNames: ['queue'],
    registers,
    collect() {
      for (const [queue, count] of Object.entries(active())) this.set({ queue }, count);
    },
  });
  return {
    onAttempt({ queue, name: job }, outcome, seconds) {
      attempts.inc({ queue, job, outcome });
      durations.observe({ queue, job }, seconds);
    },
    onDead: (queue) => {
      dead.inc({ queue });
    },
    onBlocked: (milliseconds) => {
      blocked.inc(milliseconds / 1_000);
    },
    text: () => registry.metrics(),
  };
}

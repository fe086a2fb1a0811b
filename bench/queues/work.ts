import { Queue, Worker, type JobsOptions } from 'bullmq';
import { bullOptions } from '../../src/platform/queue/bull.ts';
import { jobHandler } from '../../src/platform/queue/job.ts';
import { createLogger } from '../../src/platform/observability/logger.ts';
import { WorkerRuntime } from '../../src/platform/queue/worker.ts';
import { atLeast, below, figure, percentile, type Figure } from '../report.ts';
import { noOp, payloadOf, QUEUES, queueService, requestOf } from './no-op.ts';
import type { Servers } from './servers.ts';
import { cpuFigure, rates, ratios, timed, type Run } from './timed.ts';

/** Single ones swing by half. */
const RUNS = 20;
const JOBS = 10_000;
const SAMPLES = 200;
const CONCURRENCY = QUEUES.bench.concurrency;

const logger = createLogger({ level: 'silent', service: 'bench' });

interface BulkJob {
  readonly name: string;
  readonly data: unknown;
  readonly opts: JobsOptions;
}

/** A handler that does nothing but count, and who waits until it has counted so many. */
class Counter {
  #left = 0;
  #done: () => void = () => undefined;

  readonly one = (): Promise<void> => {
    if (--this.#left === 0) this.#done();
    return Promise.resolve();
  };

  all(count: number): Promise<void> {
    this.#left = count;
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }
}

const numbers = Array.from({ length: JOBS }, (_, n) => n);

/** By a worker that is there already, jobs that are: from the moment when it may begin to the last job. */
async function workOff(queue: Queue, jobs: readonly BulkJob[], counter: Counter): Promise<Run> {
  await queue.pause();
  await queue.addBulk([...jobs]);
  const all = counter.all(jobs.length);
  const run = await timed(jobs.length, async () => {
    await queue.resume();
    await all;
  });
  await queue.pause();
  await queue.obliterate({ force: true });
  return run;
}

function runtimeOf(redisUrl: string, handle: () => Promise<void>): WorkerRuntime {
  const deps = { redis: { url: redisUrl }, prefix: 'ours', queues: QUEUES, logger };
  const runtime = new WorkerRuntime([{ queue: 'bench', handlers: [jobHandler({ contract: noOp, handle })] }], deps);
  runtime.start();
  return runtime;
}

/** From the call that enqueues a job to its begin, when there is nothing else to do. */
async function addToStart(redisUrl: string): Promise<number[]> {
  const service = await queueService(redisUrl, 'ours');
  let begun: () => void = () => undefined;
  const runtime = runtimeOf(redisUrl, () => {
    begun();
    return Promise.resolve();
  });
  const samples: number[] = [];
  for (let n = 0; n < SAMPLES; n++) {
    const started = Promise.withResolvers<undefined>();
    begun = () => {
      started.resolve(undefined);
    };
    await new Promise((resolve) => setTimeout(resolve, 10));
    const startedAt = performance.now();
    await service.enqueue([requestOf(n)]);
    await started.promise;
    samples.push(performance.now() - startedAt);
  }
  await runtime.drain(0);
  await service.close();
  return samples;
}

/** Jobs with nothing to do through our worker against a bare one, turn by turn in one run. */
export async function measureWork({ redisUrl }: Servers): Promise<Figure[]> {
  const connection = { url: redisUrl, maxRetriesPerRequest: null };
  const queueOf = (prefix: string) => new Queue('bench', { connection: { url: redisUrl }, prefix });
  const [bareQueue, ourQueue] = [queueOf('bare'), queueOf('ours')];
  const bareJobs = numbers.map((n) => {
    const data = payloadOf(n);
    return { name: noOp.name, data, opts: { jobId: noOp.idOf(data) } };
  });
  const ourJobs = numbers.map((n) => {
    const request = requestOf(n);
    return { name: noOp.name, data: request.payload, opts: bullOptions(request) };
  });
  const [bareCounter, ourCounter] = [new Counter(), new Counter()];
  const worker = new Worker('bench', bareCounter.one, { connection, prefix: 'bare', concurrency: CONCURRENCY });
  const runtime = runtimeOf(redisUrl, ourCounter.one);
  const [bare, ours]: [Run[], Run[]] = [[], []];
  for (let run = 0; run <= RUNS; run++) {
    const turns = [
      async () => bare.push(await workOff(bareQueue, bareJobs, bareCounter)),
      async () => ours.push(await workOff(ourQueue, ourJobs, ourCounter)),
    ];
    // Each is the second as often as the first: what one leaves to be collected, the other pays for.
    for (const turn of run % 2 === 0 ? turns : turns.reverse()) await turn();
    // The first warms up.
    if (run === 0) bare.length = ours.length = 0;
  }
  await ourQueue.resume();
  // Without force it would wait for its blocked connection, for up to five seconds.
  await Promise.all([worker.close(true), runtime.drain(0)]);
  await Promise.all([bareQueue.close(), ourQueue.close()]);
  const waits = await addToStart(redisUrl);
  return [
    figure('no-op jobs, bare worker at 50', 'jobs/s', rates(bare)),
    figure('no-op jobs, our worker at 50', 'jobs/s', rates(ours)),
    figure('our worker / bare worker', '', ratios(ours, bare), atLeast(0.85, '>= 0.85')),
    cpuFigure('bare worker', bare),
    cpuFigure('our worker', ours),
    figure('add to start, median', 'ms', waits, below(10)),
    figure('add to start, p99', 'ms', [percentile(waits, 0.99)]),
  ];
}

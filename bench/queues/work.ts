import { Queue, Worker } from 'bullmq';
import { bullOptions } from '../../src/platform/queue/bull.ts';
import { jobHandler } from '../../src/platform/queue/job.ts';
import { createLogger } from '../../src/platform/observability/logger.ts';
import { WorkerRuntime } from '../../src/platform/queue/worker.ts';
import { atLeast, below, figure, percentile, type Figure } from '../report.ts';
import { noOp, payloadOf, QUEUES, queueService, requestOf } from './no-op.ts';
import type { Servers } from './servers.ts';

const RUNS = 5;
const JOBS = 20_000;
const SAMPLES = 200;
const CONCURRENCY = QUEUES.bench.concurrency;

const logger = createLogger({ level: 'silent', service: 'bench' });

/** Counts jobs and tells when the last is done. */
function finish(count: number) {
  const last = Promise.withResolvers<undefined>();
  let done = 0;
  return {
    all: last.promise,
    one: (): Promise<void> => {
      if (++done === count) last.resolve(undefined);
      return Promise.resolve();
    },
  };
}

const numbers = Array.from({ length: JOBS }, (_, n) => n);

async function bareRun(redisUrl: string): Promise<number> {
  const connection = { url: redisUrl, maxRetriesPerRequest: null };
  const queue = new Queue('bench', { connection, prefix: 'bare' });
  await queue.addBulk(
    numbers.map((n) => {
      const data = payloadOf(n);
      return { name: noOp.name, data, opts: { jobId: noOp.idOf(data) } };
    }),
  );
  const { all, one } = finish(JOBS);
  const startedAt = performance.now();
  const worker = new Worker('bench', one, { connection, prefix: 'bare', concurrency: CONCURRENCY });
  await all;
  const rate = (JOBS / (performance.now() - startedAt)) * 1_000;
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
  return rate;
}

async function ourRun(redisUrl: string): Promise<number> {
  const queue = new Queue('bench', { connection: { url: redisUrl }, prefix: 'ours' });
  const requests = numbers.map(requestOf);
  await queue.addBulk(
    requests.map((request) => ({
      name: request.contract.name,
      data: request.payload,
      opts: bullOptions(request, QUEUES.bench),
    })),
  );
  const { all, one } = finish(JOBS);
  const startedAt = performance.now();
  const runtime = runtimeOf(redisUrl, one);
  await all;
  const rate = (JOBS / (performance.now() - startedAt)) * 1_000;
  await runtime.drain(5_000);
  await queue.obliterate({ force: true });
  await queue.close();
  return rate;
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
  await runtime.drain(5_000);
  await service.close();
  return samples;
}

/** Jobs with nothing to do through our worker against a bare one, turn by turn in one run. */
export async function measureWork({ redisUrl }: Servers): Promise<Figure[]> {
  const [bare, ours]: [number[], number[]] = [[], []];
  for (let run = 0; run <= RUNS; run++) {
    const [bareRate, ourRate] = [await bareRun(redisUrl), await ourRun(redisUrl)];
    // The first warms up.
    if (run === 0) continue;
    bare.push(bareRate);
    ours.push(ourRate);
  }
  const ratios = ours.map((rate, run) => rate / (bare[run] ?? NaN));
  const waits = await addToStart(redisUrl);
  return [
    figure('no-op jobs, bare worker at 50', 'jobs/s', bare),
    figure('no-op jobs, our worker at 50', 'jobs/s', ours),
    figure('our worker / bare worker', '', ratios, atLeast(0.85, '>= 0.85')),
    figure('add to start, median', 'ms', waits, below(10)),
    figure('add to start, p99', 'ms', [percentile(waits, 0.99)]),
  ];
}

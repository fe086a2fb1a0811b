import { Queue } from 'bullmq';
import { atLeast, figure, type Figure } from '../report.ts';
import { noOp, payloadOf, queueService, requestOf } from './no-op.ts';
import type { Servers } from './servers.ts';
import { cpuFigure, rates, ratios, timed, type Run } from './timed.ts';

const RUNS = 5;
const JOBS = 10_000;
const IN_FLIGHT = 50;
const BULK = 100;
const BULKS_IN_FLIGHT = 5;

/** With so many calls in flight, `size` jobs a call. */
function throughput(size: number, add: (first: number) => Promise<unknown>): Promise<Run> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < JOBS) {
      const first = next;
      next += size;
      await add(first);
    }
  };
  return timed(JOBS, () => Promise.all(Array.from({ length: size === 1 ? IN_FLIGHT : BULKS_IN_FLIGHT }, lane)));
}

const range = (first: number, size: number): number[] => Array.from({ length: size }, (_, index) => first + index);

/** Enqueueing through our service against a bare queue, turn by turn in one run. */
export async function measureEnqueue({ redisUrl }: Servers): Promise<Figure[]> {
  const bare = new Queue('bench', { connection: { url: redisUrl }, prefix: 'bare' });
  const service = await queueService(redisUrl, 'ours');
  // Emptied by a connection of its own: a producer's gives up after a second.
  const ours = new Queue('bench', { connection: { url: redisUrl }, prefix: 'ours' });
  const bareJob = (n: number) => {
    const payload = payloadOf(n);
    return { name: noOp.name, data: payload, opts: { jobId: noOp.idOf(payload) } };
  };
  const bareOne = (n: number) => {
    const { name, data, opts } = bareJob(n);
    return bare.add(name, data, opts);
  };
  const runs = { bareBulk: [] as Run[], bulk: [] as Run[], bareAdd: [] as Run[], add: [] as Run[] };
  for (let run = 0; run <= RUNS; run++) {
    const bareBulk = await throughput(BULK, (first) => bare.addBulk(range(first, BULK).map(bareJob)));
    const bulk = await throughput(BULK, (first) => service.enqueue(range(first, BULK).map(requestOf)));
    await Promise.all([bare.obliterate({ force: true }), ours.obliterate({ force: true })]);
    const bareAdd = await throughput(1, bareOne);
    const add = await throughput(1, (n) => service.enqueue([requestOf(n)]));
    await Promise.all([bare.obliterate({ force: true }), ours.obliterate({ force: true })]);
    // The first warms up.
    if (run === 0) continue;
    runs.bareBulk.push(bareBulk);
    runs.bulk.push(bulk);
    runs.bareAdd.push(bareAdd);
    runs.add.push(add);
  }
  await Promise.all([bare.close(), ours.close(), service.close()]);
  return [
    figure('bare addBulk, 100 a call', 'jobs/s', rates(runs.bareBulk)),
    figure('enqueue, 100 a call', 'jobs/s', rates(runs.bulk)),
    figure('enqueue / bare addBulk', '', ratios(runs.bulk, runs.bareBulk), atLeast(0.85, '>= 0.85')),
    cpuFigure('bare addBulk', runs.bareBulk),
    cpuFigure('enqueue, 100 a call', runs.bulk),
    figure('bare add, 50 in flight', 'jobs/s', rates(runs.bareAdd)),
    figure('enqueue, 50 in flight', 'jobs/s', rates(runs.add)),
    figure('enqueue / bare add', '', ratios(runs.add, runs.bareAdd), atLeast(0.85, '>= 0.85')),
    cpuFigure('bare add', runs.bareAdd),
    cpuFigure('enqueue, 50 in flight', runs.add),
  ];
}

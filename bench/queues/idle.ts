import { queues } from '../../src/container/queues.ts';
import { below, figure, type Figure } from '../report.ts';
import { startWorker } from './compiled-worker.ts';
import type { Servers } from './servers.ts';

/** Memory of a worker process of one kind, and of all kinds at once, with nothing to do, in megabytes. */
export async function measureIdle(servers: Servers): Promise<Figure[]> {
  const kinds = Object.keys(queues);
  const figures: Figure[] = [];
  for (const kind of kinds)
    figures.push(figure(`idle worker of ${kind}, RSS`, 'MB', [await residentMb(servers, [kind])], below(160)));
  const all = await residentMb(servers, kinds);
  return [...figures, figure('idle worker of all kinds, RSS', 'MB', [all])];
}

async function residentMb(servers: Servers, kinds: readonly string[]): Promise<number> {
  const worker = await startWorker(servers, kinds);
  const resident = await worker.residentMb();
  await worker.stop();
  return resident;
}

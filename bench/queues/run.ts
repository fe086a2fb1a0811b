import { reporter, type Figure } from '../report.ts';
import { measureAnalytics } from './analytics.ts';
import { compiled } from './compiled-worker.ts';
import { measureEnqueue } from './enqueue.ts';
import { measureIdle } from './idle.ts';
import { measureRelay } from './relay.ts';
import { measureReports } from './reports.ts';
import { startServers, type Servers } from './servers.ts';
import { measureWork } from './work.ts';

type Measure = (servers: Servers) => Promise<Figure[]>;

/** Each measures some figures on servers that the others leave alone meanwhile; `--only=work` picks one. */
const MEASURES: Readonly<Record<string, Measure>> = {
  enqueue: measureEnqueue,
  work: measureWork,
  relay: measureRelay,
  analytics: measureAnalytics,
};
/** They start processes of workers. */
const MEASURES_OF_PROCESSES: Readonly<Record<string, Measure>> = { reports: measureReports, idle: measureIdle };

const only = /--only=(\w+)/.exec(process.argv.join(' '))?.[1];
const report = reporter();

async function measureAll(measures: readonly Measure[], servers: Servers): Promise<void> {
  for (const measure of measures) report.tell(await measure(servers));
}

const chosen = (among: Readonly<Record<string, Measure>>) =>
  Object.entries(among).flatMap(([name, measure]) => (only === undefined || only === name ? [measure] : []));

const servers = await startServers();
try {
  await measureAll(chosen(MEASURES), servers);
  const ofProcesses = chosen(MEASURES_OF_PROCESSES);
  if (ofProcesses.length > 0) await compiled(() => measureAll(ofProcesses, servers));
} finally {
  await servers.stop();
}
report.end();

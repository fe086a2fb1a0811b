import { print, type Figure } from '../report.ts';
import { measureAnalytics } from './analytics.ts';
import { measureEnqueue } from './enqueue.ts';
import { measureIdle } from './idle.ts';
import { measureRelay } from './relay.ts';
import { measureReports } from './reports.ts';
import { startServers, type Servers } from './servers.ts';
import { measureWork } from './work.ts';

/** Each measures some figures on servers that the others leave alone meanwhile; `--only=work` picks one. */
const MEASURES: Readonly<Record<string, (servers: Servers) => Promise<Figure[]>>> = {
  enqueue: measureEnqueue,
  work: measureWork,
  relay: measureRelay,
  analytics: measureAnalytics,
  reports: measureReports,
  idle: measureIdle,
};

const only = /--only=(\w+)/.exec(process.argv.join(' '))?.[1];
const servers = await startServers();
const figures: Figure[] = [];
try {
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (only !== undefined && only !== name) continue;
    const measured = await measure(servers);
    figures.push(...measured);
    // As they come: whoever stops a run in the middle has what was measured by then.
    for (const { name: what, value, unit } of measured) process.stderr.write(`${what}: ${value.toFixed(2)} ${unit}\n`);
  }
} finally {
  await servers.stop();
}
print(figures);

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { demandArtillery, runArtillery } from './artillery.ts';
import { resultPage } from './page.ts';
import { castFor } from './people.ts';
import { REPORTS, resultOf } from './result.ts';
import { Sampler } from './sampler.ts';
import { findOrStart } from './system.ts';

const LIMITS = { p95Ms: 200, errorPercent: 1, rssMb: 512 };
/** To see that all of it works; too short to say anything of the system. */
const QUICK = { config: { phases: [{ name: 'quick', duration: 20, arrivalRate: 5 }] } };

/** `npm run load:basic [-- --url http://…] [--quick]` */
async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: { url: { type: 'string', default: 'http://127.0.0.1:3000' }, quick: { type: 'boolean', default: false } },
  });
  demandArtillery();
  const system = await findOrStart(values.url);
  const say = (line: string) => process.stdout.write(`${line}\n`);
  try {
    say(`Load on ${system.url}`);
    const cast = await castFor(system.url);
    const startedAt = new Date();
    const sampler = new Sampler(system.pid);
    const run = await runArtillery('basic.yml', system.url, cast, values.quick ? QUICK : undefined);
    sampler.stop();
    const result = resultOf('basic', startedAt, run, sampler.samples, LIMITS);
    await mkdir(REPORTS, { recursive: true });
    const file = join(REPORTS, `basic-${result.startedAt.slice(0, 19).replaceAll(':', '')}`);
    await writeFile(`${file}.json`, JSON.stringify(result, null, 2));
    await writeFile(`${file}.html`, resultPage(result));
    for (const { what, value, unit, limit, met } of result.checks)
      say(`${met ? '✓' : '✗'} ${what} ${value.toFixed(2)} ${unit} (below ${String(limit)})`);
    say(`${file}.html`);
    return run.passed && result.checks.every(({ met }) => met);
  } finally {
    await system.stop();
  }
}

process.exitCode = (await main()) ? 0 : 1;

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demandArtillery, runArtillery } from './artillery.ts';
import { flamePage, type CpuProfile } from './flame.ts';
import { castFor } from './people.ts';
import { REPORTS } from './result.ts';
import { startOwn } from './system.ts';

const LOAD = { config: { phases: [{ name: 'profile', duration: 30, arrivalRate: 25 }] } };

/** `npm run profile:cpu`: where the API spends its time under the basic load, as a flame graph. */
async function main(): Promise<void> {
  demandArtillery();
  const directory = await mkdtemp(join(tmpdir(), 'profile-'));
  try {
    // All processes of the system leave one; the API's is told by its number.
    const system = await startOwn({}, { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${directory}` });
    try {
      await runArtillery('basic.yml', system.url, await castFor(system.url), LOAD);
    } finally {
      await system.stop();
    }
    const name = (await readdir(directory)).find((file) => file.split('.')[3] === String(system.pid));
    if (name === undefined) throw new Error('The API left no profile');
    const profile = JSON.parse(await readFile(join(directory, name), 'utf8')) as CpuProfile;
    await mkdir(REPORTS, { recursive: true });
    const file = join(REPORTS, `profile-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.html`);
    await writeFile(file, flamePage('CPU of the API under the basic load', profile));
    process.stdout.write(`${file}\n`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

await main();

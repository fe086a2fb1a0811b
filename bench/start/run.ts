import { freePort } from '../../scripts/start/ports.ts';
import { LauncherRun } from '../../tests/launcher.ts';
import { below, figure, print } from '../report.ts';

/** `npm run bench:start -- [--runs N]`: how long a newcomer waits for `npm start`, counted from the start of the launcher. */
const RUNS = Number(/--runs[= ](\d+)/.exec(process.argv.join(' '))?.[1] ?? 5);
const GIVE_UP_MS = 180_000;

interface Start {
  readonly run: LauncherRun;
  readonly seconds: number;
}

async function start(...args: readonly string[]): Promise<Start> {
  const begun = performance.now();
  const run = await LauncherRun.start(['--port', String(await freePort()), ...args]);
  await run.says(/Stop +Ctrl-C/, GIVE_UP_MS);
  return { run, seconds: (performance.now() - begun) / 1_000 };
}

/** The launcher's own time for a step. */
const stepSeconds = ({ run }: Start, step: string): number =>
  Number(new RegExp(`^✔ ${step} +(\\d+\\.\\d) s`, 'm').exec(run.output)?.[1]);

const [first, seed, again]: [number[], number[], number[]] = [[], [], []];
for (let round = 0; round < RUNS; round += 1) {
  const empty = await start();
  first.push(empty.seconds);
  seed.push(stepSeconds(empty, 'Demo data'));
  empty.run.interrupt();
  await empty.run.ended();
  const filled = await start('--data', `${empty.run.directory}/.data`);
  again.push(filled.seconds);
  await filled.run.remove();
  await empty.run.remove();
}
print([
  figure('ready in an empty directory, with seeding', 's', first, below(40)),
  figure('of it: demo data', 's', seed, below(30)),
  figure('ready where data is there', 's', again, below(10)),
]);

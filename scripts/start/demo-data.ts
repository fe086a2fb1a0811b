import { existsSync } from 'node:fs';
import type { DemoLogin, SeedModule, SeedTarget } from '../seed/contract.ts';
import type { Progress } from './terminal.ts';

const MODULE = new URL('../seed/index.ts', import.meta.url);

/** Loaded only when it is wanted: who starts without demo data does not wait for it. */
async function seedModule(): Promise<SeedModule | undefined> {
  return existsSync(MODULE) ? ((await import(MODULE.href)) as SeedModule) : undefined;
}

/** Fills the database unless that is done. */
export async function provideDemoData(target: SeedTarget, progress: Progress): Promise<void> {
  const module = await seedModule();
  if (module === undefined || (await module.isSeeded(target))) {
    progress(module === undefined ? 'none in this installation' : 'there already');
    return;
  }
  const written = await module.seed({
    ...target,
    onProgress: (share, what) => {
      progress(what, share);
    },
  });
  const counts = Object.entries(written).map(([what, count]) => `${count.toLocaleString('en')} ${what}`);
  progress(counts.join(', '));
}

/** Who can sign in to the demo data; nobody where there is none. */
export async function demoLogins(target: SeedTarget): Promise<readonly DemoLogin[]> {
  const module = await seedModule();
  return module !== undefined && (await module.isSeeded(target)) ? module.demoLogins : [];
}

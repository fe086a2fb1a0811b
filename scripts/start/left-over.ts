import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type ProcessIdentity } from './process-identity.ts';

const POLL_MS = 50;
const PATIENCE_MS = 5_000;

/** Ends children that outlived a killed launcher: they hold the ports and files that new ones need. */
export async function endLeftOver(processes: readonly ProcessIdentity[]): Promise<void> {
  for (const { pid } of processes) signal(pid, 'SIGTERM');
  const until = performance.now() + PATIENCE_MS;
  while (processes.some(isRunning) && performance.now() < until) await sleep(POLL_MS);
  for (const process of processes.filter(isRunning)) signal(process.pid, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Ended by itself in between.
  }
}

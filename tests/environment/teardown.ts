import { once } from 'node:events';
import { servers } from './setup.ts';

/** Stops what `setup` started, and waits until no process is left. */
export default async function teardown(): Promise<void> {
  if (servers?.exitCode !== null) return;
  const ended = once(servers, 'exit');
  servers.disconnect();
  await ended;
}

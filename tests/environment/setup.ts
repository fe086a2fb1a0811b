import { fork, type ChildProcess } from 'node:child_process';
import { publish, type Addresses } from './addresses.ts';
import type { ServersMessage } from './servers.ts';

export let servers: ChildProcess | undefined;

/** Starts one embedded database in memory and one Redis for the whole run. */
export default async function setup(): Promise<void> {
  const child = fork(new URL('servers.ts', import.meta.url));
  servers = child;
  publish(await addressesFrom(child));
}

function addressesFrom(child: ChildProcess): Promise<Addresses> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`The servers of the tests ended with ${String(code)}`));
    });
    child.once('message', (message: ServersMessage) => {
      if ('addresses' in message) resolve(message.addresses);
      else reject(new Error(message.failure));
    });
  });
}

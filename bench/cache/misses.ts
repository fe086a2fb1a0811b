import { setTimeout as sleep } from 'node:timers/promises';
import { openCache } from './opened.ts';

/** A process of the stampede: reads one key 250 times at the given moment, and tells how many loads that cost it. */
const [, , url = '', key = '', at = '0'] = process.argv;
const { cache, close } = await openCache(url);
let loads = 0;
const load = async () => {
  loads += 1;
  await sleep(50);
  return { loaded: true };
};
await sleep(Number(at) - Date.now());
const policy = { freshSeconds: 60, staleSeconds: 0, tags: ['products'] };
await Promise.all(Array.from({ length: 250 }, () => cache.getOrSet(key, load, policy)));
process.stdout.write(String(loads));
close();

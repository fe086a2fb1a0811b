import { randomInt } from 'node:crypto';

/** Given by `npm run test:chaos -- --seed N`. */
const SEED = (globalThis as { readonly chaosSeed?: number }).chaosSeed ?? randomInt(2 ** 31);

process.stderr.write(`Chance has the seed ${String(SEED)}; --seed ${String(SEED)} gives the same moments and faults\n`);

let state = SEED;

/** From 0 up to 1, by mulberry32: the same row for the same seed. */
export function chance(): number {
  state = (state + 0x6d_2b_79_f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

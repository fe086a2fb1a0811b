import { randomInt } from 'node:crypto';
import { seededRandom } from '../random.ts';

/** Given by `npm run test:chaos -- --seed N`. */
const SEED = (globalThis as { readonly chaosSeed?: number }).chaosSeed ?? randomInt(2 ** 31);

process.stderr.write(`Chance has the seed ${String(SEED)}; --seed ${String(SEED)} gives the same rows of numbers\n`);

let rows = 0;

/**
 * A row of numbers from 0 up to 1 for one who draws: were it shared, each would get what the others leave, and that hangs on
 * which of them is quicker. The first row that is asked for is the same for the same seed, and so is each after it.
 */
export function rowOfChance(): () => number {
  rows += 1;
  return seededRandom(SEED + rows).random;
}

import { Random } from '../scripts/seed/random.ts';

/** Random numbers of which a failure's seed gives the same again. */
export function seededRandom(seed = Date.now() % 2_147_483_647): { random: () => number; seed: number } {
  const numbers = new Random(seed);
  return { random: () => numbers.next(), seed };
}

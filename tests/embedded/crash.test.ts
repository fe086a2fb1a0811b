import { expect, test } from '@jest/globals';
import { crashRounds } from './crash-rounds.ts';
import { seededRandom } from '../random.ts';

test('a server killed under concurrent writes keeps every acknowledged write, and its indexes agree', async () => {
  const { random, seed } = seededRandom();
  for await (const { lost, faults } of crashRounds(2, random))
    expect({ seed, lost, faults }).toEqual({ seed, lost: [], faults: [] });
}, 60_000);

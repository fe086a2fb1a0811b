import { expect, test } from '@jest/globals';
import { crashRounds } from './crash-rounds.ts';
import { seededRandom } from '../random.ts';

const ROUNDS = 50;

test(`${String(ROUNDS)} kills under concurrent writes lose nothing that was acknowledged, and indexes agree with documents`, async () => {
  const { random, seed } = seededRandom();
  let rounds = 0;
  let acknowledged = 0;
  for await (const result of crashRounds(ROUNDS, random)) {
    rounds += 1;
    acknowledged = result.acknowledged;
    expect({ seed, ...result }).toMatchObject({ lost: [], faults: [] });
  }
  expect(rounds).toBe(ROUNDS);
  expect(acknowledged).toBeGreaterThan(ROUNDS);
}, 900_000);

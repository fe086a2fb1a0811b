import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Coherence } from './coherence.ts';
import { Flights, type Outcome } from './flights.ts';
import { Memory } from './memory.ts';
import { StandIns } from './stand-ins.ts';
import { StatsBook } from './stats.ts';

const SOFT_MS = 200;

/** With a value in memory that is past its time. */
function standIns() {
  let now = 1_700_000_000_000;
  const clock = () => now;
  const stats = new StatsBook();
  const [memory, coherence] = [new Memory(1_000_000, stats), new Coherence(clock)];
  const lifetime = { loadedAt: now, freshMs: 100, staleMs: 100, loadMs: 1 };
  memory.put({ key: 'list', tags: ['t'], moment: coherence.begin(), value: 'mugs', bytes: 4, tallies: [], lifetime });
  now += 300;
  const flights = new Flights(coherence);
  const known = { memory, coherence, stats, clock, flights };
  const standIn = new StandIns({ ...known, isAway: () => false, onFailure: () => undefined }, SOFT_MS);
  return { coherence, shown: (flight: Promise<Outcome>) => standIn.whileLate('list', flight) };
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
});

test('a known value is shown once its load is late', async () => {
  const shown = standIns().shown(new Promise(() => undefined));
  await jest.advanceTimersByTimeAsync(SOFT_MS);
  expect(await shown).toMatchObject({ value: 'mugs', source: 'stale' });
});

test('one that is invalidated while it is waited for is not', async () => {
  const { coherence, shown } = standIns();
  const flight = Promise.withResolvers<Outcome>();
  const answer = shown(flight.promise);
  coherence.end({ tags: ['t'] });
  await jest.advanceTimersByTimeAsync(SOFT_MS);
  const loaded: Outcome = { value: 'cups', source: 'miss', loadedAt: 0, savedMs: 0, tallies: [] };
  flight.resolve(loaded);
  expect(await answer).toBe(loaded);
});

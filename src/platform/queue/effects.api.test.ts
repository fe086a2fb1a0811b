import { expect, jest, test } from '@jest/globals';
import { eventually, withDatabase } from '../../../tests/environment/index.ts';
import { DatabaseAway } from '../database/failures.ts';
import { asSystem } from '../database/scoped.ts';
import { Effects, effects } from './effects.ts';
import { PutOff } from './job.ts';

const database = withDatabase({ collections: [effects] });
const now = () => new Date();

test('an effect outside of the database is brought about once; one that failed again; one that is held is waited for', async () => {
  const part = new Effects({ effects: effects.on(database.primary), now });
  let runs = 0;
  const act = () => Promise.resolve(void (runs += 1));
  expect([await part.once('a', 1_000, act), await part.once('a', 1_000, act)]).toEqual([true, false]);
  await expect(part.once('b', 1_000, () => Promise.reject(new RangeError('no')))).rejects.toThrow(RangeError);
  expect(await part.once('b', 1_000, act)).toBe(true);
  expect(runs).toBe(2);
  const gate = Promise.withResolvers<undefined>();
  const slow = part.once('c', 60_000, () => gate.promise);
  await expect(eventually(() => part.once('c', 60_000, act))).rejects.toThrow('Another worker');
  gate.resolve(undefined);
  expect(await slow).toBe(true);
});

test('an effect that is done stays so though the database does not take its note at first', async () => {
  const stored = effects.on(database.primary);
  const part = new Effects({ effects: stored, now });
  let runs = 0;
  const act = () => {
    runs += 1;
    jest.spyOn(stored, 'updateOne').mockImplementationOnce(() => {
      throw new DatabaseAway();
    });
    return Promise.resolve();
  };
  expect([await part.once('noted late', 1_000, act), await part.once('noted late', 1_000, act)]).toEqual([true, false]);
  expect(runs).toBe(1);
});

test('who comes to an effect that is held is put off until its holder is given up, and loses no attempt by it', async () => {
  const at = new Date();
  const part = new Effects({ effects: effects.on(database.primary), now: () => at });
  const gate = Promise.withResolvers<undefined>();
  const killed = part.once('left behind', 20_000, () => gate.promise);
  const holds = effects.on(database.primary).exists({ _id: 'left behind' }).setOptions(asSystem('test'));
  await eventually(async () => (await holds.clone()) !== null);
  at.setTime(at.getTime() + 5_000);
  const told: unknown = await part
    .once('left behind', 20_000, () => Promise.resolve())
    .catch((error: unknown) => error);
  expect(told).toBeInstanceOf(PutOff);
  expect(told).toMatchObject({ delayMs: 15_000 });
  gate.resolve(undefined);
  await killed;
});

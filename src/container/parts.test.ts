import { expect, test } from '@jest/globals';
import { Parts } from './parts.ts';

test('a part is made when it is first asked for, and once', () => {
  let made = 0;
  const part = new Parts().part(() => (made += 1));
  expect(made).toBe(0);
  expect([part(), part()]).toEqual([1, 1]);
});

test('a part that was never asked for is neither made nor ended', async () => {
  const parts = new Parts();
  const ended: string[] = [];
  parts.part(
    () => 'unused',
    (name) => void ended.push(name),
  );
  await parts.close();
  expect(ended).toEqual([]);
});

test('parts are ended before what they were built on, whatever the order of their declaration', async () => {
  const parts = new Parts();
  const ended: string[] = [];
  const end = (name: string) => {
    ended.push(name);
    return Promise.resolve();
  };
  const service = parts.part(() => `service on ${database()}`, end);
  const database = parts.part(() => 'database', end);
  service();
  await parts.close();
  expect(ended).toEqual(['service on database', 'database']);
});

test('a part that fails to end keeps no other from ending, and its failure is told', async () => {
  const parts = new Parts();
  let ended = false;
  parts.part(
    () => 1,
    () => {
      ended = true;
      return undefined;
    },
  )();
  parts.part(
    () => 2,
    () => Promise.reject(new Error('stuck')),
  )();
  await expect(parts.close()).rejects.toThrow(AggregateError);
  expect(ended).toBe(true);
});

test('a closed container makes nothing more', async () => {
  const parts = new Parts();
  const late = parts.part(() => 'late');
  await parts.close();
  expect(late).toThrow('closed');
});

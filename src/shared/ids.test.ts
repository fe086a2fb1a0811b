import { expect, test } from '@jest/globals';
import { Id, newId } from './ids.ts';

test('an id survives the way out and in again', () => {
  const id = newId();
  expect(Id.decode(Id.encode(id)).equals(id)).toBe(true);
});

test.each(['', '123', 'zz5f1c0c2f8b9a0012345678', { $gt: '' }, 12])('%j is no id and is refused', (value) => {
  expect(Id.safeParse(value).success).toBe(false);
});

import { expect, test } from '@jest/globals';
import { nativeDb, withDatabase } from '../../../tests/environment/index.ts';

interface DriverLists {
  readonly activeCursors: Iterable<unknown>;
  readonly activeSessions: Iterable<unknown>;
}

const database = withDatabase({ collections: [], unindexed: [] });

test('the driver lists in arrays what is under way, and takes out what is over', async () => {
  const client = database.primary.getClient();
  const { s: lists } = client as unknown as { readonly s: DriverLists };
  const notes = nativeDb(database.primary).collection('notes');
  const under = () => [[...lists.activeSessions].length, [...lists.activeCursors].length];
  const session = client.startSession();
  const cursor = notes.find({ text: 'none' });
  expect([...lists.activeSessions]).toContain(session);
  expect([...lists.activeCursors]).toEqual([cursor]);
  expect(await cursor.toArray()).toEqual([]);
  await session.endSession();
  expect(under()).toEqual([0, 0]);
  // Were they the driver's own again, this would hold of Sets, too.
  expect(lists.activeSessions).not.toBeInstanceOf(Set);
  expect(lists.activeCursors).not.toBeInstanceOf(Set);
});

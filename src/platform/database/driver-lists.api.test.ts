import { expect, test } from '@jest/globals';
import type { MongoClient } from 'mongodb';
import { nativeDb, withDatabase } from '../../../tests/environment/index.ts';
import { listInArrays } from './driver-lists.ts';

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

test('a cursor that is rewound before its end is listed once, and taken out at its end', async () => {
  const { s: lists } = database.primary.getClient() as unknown as { readonly s: DriverLists };
  const pages = nativeDb(database.primary).collection<{ _id: number }>('pages');
  await pages.insertMany([{ _id: 1 }, { _id: 2 }]);
  const cursor = pages.find({ _id: { $in: [1, 2] } }, { batchSize: 1 });
  await cursor.next();
  cursor.rewind();
  expect([...lists.activeCursors]).toHaveLength(1);
  await cursor.next();
  await cursor.close();
  expect([...lists.activeCursors]).toHaveLength(0);
});

test.each([
  ['that has none', {}],
  ['whose lists are gone', { s: { other: 1 } }],
  ['whose lists are no Sets', { s: { activeCursors: new Map(), activeSessions: 2 } }],
])('a driver %s keeps what it has', (_driver, client) => {
  const before = structuredClone(client);
  listInArrays(client as unknown as MongoClient);
  expect(client).toEqual(before);
});

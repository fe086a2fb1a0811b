import { describe, expect, test } from '@jest/globals';
import { BSONError, Long, Timestamp, deserialize } from 'bson';
import { CommandError } from '../errors.ts';
import { bsonOf } from './raw-client.fixture.ts';
import { clusterTime } from './cluster-time.ts';
import { cursorReply, errorReply, hasOpenCursor, isExpected, okReply } from './reply.ts';

/** A reply without the time that every reply tells. */
function timeless(reply: Buffer): Record<string, unknown> {
  const { $clusterTime, operationTime, ...members } = deserialize(reply) as Record<string, unknown>;
  expect($clusterTime).toMatchObject({ clusterTime: operationTime });
  return members;
}

describe('cursorReply', () => {
  test.each([0, 1, 9, 10, 11, 100, 101, 1234])('a batch of %d documents reads back in order', (count) => {
    const documents = Array.from({ length: count }, (_, index) => ({ _id: index, text: 'x'.repeat(index % 7) }));
    const reply = cursorReply({
      id: 5n,
      namespace: 'shop.bücher',
      batchName: 'firstBatch',
      documents: documents.map(bsonOf),
    });
    expect(reply.readInt32LE(0)).toBe(reply.length);
    expect(timeless(reply)).toEqual({ cursor: { firstBatch: documents, id: 5, ns: 'shop.bücher' }, ok: 1 });
  });

  test('a Long id, the name of the next batch and further members are written', () => {
    const id = Long.fromString('-1234567890123456789');
    const reply = cursorReply({
      id,
      namespace: 'a.b',
      batchName: 'nextBatch',
      documents: [],
      extra: { n: 1, at: undefined },
    });
    expect(deserialize(reply, { promoteLongs: false, promoteValues: true })).toMatchObject({
      cursor: { nextBatch: [], id, ns: 'a.b' },
      ok: 1,
    });
    expect(deserialize(reply)).toMatchObject({ n: 1 });
    expect(deserialize(reply)).not.toHaveProperty('at');
  });

  test('an open cursor is told from one at its end and from other replies', () => {
    const ended = { namespace: 'a.b', batchName: 'firstBatch', documents: [] } as const;
    expect(hasOpenCursor(cursorReply({ ...ended, id: 3n }))).toBe(true);
    expect(hasOpenCursor(cursorReply({ ...ended, id: 0n }))).toBe(false);
    expect(hasOpenCursor(okReply({ cursor: 1 }))).toBe(false);
    expect(hasOpenCursor(okReply())).toBe(false);
  });
});

describe('okReply', () => {
  test('ok follows the members and is a double', () => {
    const reply = okReply({ n: 2 });
    expect(Object.entries(timeless(reply))).toEqual([
      ['n', 2],
      ['ok', 1],
    ]);
    expect(deserialize(reply, { promoteValues: false }).ok).toMatchObject({ _bsontype: 'Double' });
  });
});

describe('the time in replies', () => {
  test('it goes on with every tick, and catches up with what a client has seen', () => {
    const before = deserialize(okReply()).operationTime as Timestamp;
    clusterTime.tick();
    const after = deserialize(okReply()).operationTime as Timestamp;
    expect(after.greaterThan(before)).toBe(true);
    clusterTime.witness(new Timestamp({ t: after.t + 5, i: 7 }));
    expect(deserialize(okReply()).operationTime).toEqual(new Timestamp({ t: after.t + 5, i: 7 }));
    clusterTime.witness(after);
    clusterTime.tick();
    expect(deserialize(okReply()).operationTime).toEqual(new Timestamp({ t: after.t + 5, i: 8 }));
  });
});

describe('errorReply', () => {
  test('a command error keeps its code, name, details and labels', () => {
    const error = new CommandError('DuplicateKey', 'E11000', { keyPattern: { a: 1 }, labels: ['Transient'] });
    expect(timeless(errorReply(error))).toEqual({
      ok: 0,
      errmsg: 'E11000',
      code: 11000,
      codeName: 'DuplicateKey',
      keyPattern: { a: 1 },
      errorLabels: ['Transient'],
    });
    expect(isExpected(error)).toBe(true);
  });

  test('bytes that the decoder refuses are InvalidBSON', () => {
    expect(deserialize(errorReply(new BSONError('bad')))).toMatchObject({ code: 22, codeName: 'InvalidBSON' });
  });

  test('any other failure is an InternalError that keeps its message to itself', () => {
    const reply = deserialize(errorReply(new TypeError('secret path')));
    expect(reply).toMatchObject({ ok: 0, code: 1, codeName: 'InternalError' });
    expect(JSON.stringify(reply)).not.toContain('secret');
    expect(isExpected(new TypeError('x'))).toBe(false);
  });
});

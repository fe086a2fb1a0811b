import { describe, expect, test } from '@jest/globals';
import { BSONError, Long, deserialize } from 'bson';
import { CommandError } from '../errors.ts';
import { bsonOf } from './raw-client.fixture.ts';
import { cursorReply, errorReply, hasOpenCursor, isExpected, okReply } from './reply.ts';

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
    expect(deserialize(reply)).toEqual({ cursor: { firstBatch: documents, id: 5, ns: 'shop.bücher' }, ok: 1 });
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
    expect(Object.entries(deserialize(reply))).toEqual([
      ['n', 2],
      ['ok', 1],
    ]);
    expect(deserialize(reply, { promoteValues: false }).ok).toMatchObject({ _bsontype: 'Double' });
  });
});

describe('errorReply', () => {
  test('a command error keeps its code, name, details and labels', () => {
    const error = new CommandError('DuplicateKey', 'E11000', { keyPattern: { a: 1 }, labels: ['Transient'] });
    expect(deserialize(errorReply(error))).toEqual({
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

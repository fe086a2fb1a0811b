import { describe, expect, test } from '@jest/globals';
import { deserialize } from 'bson';
import { CommandError } from '../errors.ts';
import {
  Flags,
  bsonOf,
  compressedOf,
  frameOf,
  int32,
  messageOf,
  queryOf,
  section,
  sequenceSection,
} from './raw-client.fixture.ts';
import { MAX_WIRE_DOCUMENT_BYTES, checkedDocument } from './raw.ts';
import { documentsOf } from './request.ts';
import { ProtocolError, parseMessage } from './wire.ts';
import type { WireCommand } from './wire.ts';

function commandOf(frame: Buffer): WireCommand {
  const { command } = parseMessage(frame);
  if (command instanceof CommandError) throw command;
  return command;
}

function codeOf(frame: Buffer): number | undefined {
  const { command } = parseMessage(frame);
  return command instanceof CommandError ? command.code : undefined;
}

function opMessage(...sections: readonly Buffer[]): Buffer {
  return frameOf(2013, Buffer.concat([int32(0), ...sections]));
}

const ping = { ping: 1, $db: 'shop' };
const insert = { insert: 'orders', $db: 'shop' };
const documents = [
  { _id: 1, text: 'ä' },
  { _id: 2, list: [{ deep: [1] }] },
];

describe('parseMessage with OP_MSG', () => {
  test('a body alone gives its database and bytes', () => {
    const command = commandOf(messageOf(ping));
    expect(command.database).toBe('shop');
    expect(deserialize(command.body)).toEqual(ping);
    expect(command.sequences.size).toBe(0);
  });

  test('flags tell whether an answer is awaited and several may come', () => {
    expect(parseMessage(messageOf(ping, { flags: Flags.moreToCome })).moreToCome).toBe(true);
    expect(parseMessage(messageOf(ping, { flags: Flags.exhaustAllowed })).exhaustAllowed).toBe(true);
    expect(parseMessage(messageOf(ping))).toMatchObject({ moreToCome: false, exhaustAllowed: false });
  });

  test('a checksum is passed over', () => {
    const frame = messageOf(insert, { flags: Flags.checksumPresent, sequences: { documents } });
    expect(
      commandOf(frame)
        .sequences.get('documents')
        ?.map((bytes) => deserialize(bytes)),
    ).toEqual(documents);
  });

  test('a document sequence before the body is kept raw', () => {
    const command = commandOf(opMessage(sequenceSection('documents', documents), section(0, bsonOf(insert))));
    expect(command.sequences.get('documents')).toEqual(documents.map(bsonOf));
  });
});

describe('parseMessage with a bad OP_MSG', () => {
  test.each([
    ['two bodies', opMessage(section(0, bsonOf(ping)), section(0, bsonOf(ping))), 40430],
    [
      'a sequence twice',
      opMessage(section(0, bsonOf(insert)), sequenceSection('a', []), sequenceSection('a', [])),
      40431,
    ],
    ['an unknown kind of section', opMessage(section(2, bsonOf(ping))), 40432],
    [
      'a sequence that is in the body too',
      messageOf({ ...insert, documents: [] }, { sequences: { documents } }),
      40433,
    ],
    ['no body', opMessage(sequenceSection('a', [])), 40587],
    ['no database', messageOf({ ping: 1 }), 40571],
    ['a database that is no string', messageOf({ ping: 1, $db: 1 }), 40571],
    ['an unknown BSON type', opMessage(section(0, Buffer.from('080000007e610000', 'hex'))), 22],
    [
      'a string that runs past its document',
      opMessage(section(0, Buffer.from('0d000000026100ff0000000000', 'hex'))),
      22,
    ],
  ])('%s is answered with MongoDB’s code', (_, frame, code) => {
    expect(codeOf(frame)).toBe(code);
  });

  test('nesting past 200 levels is answered with Overflow', () => {
    let nested: Record<string, unknown> = {};
    for (let level = 0; level < 250; level += 1) nested = { a: nested };
    expect(codeOf(messageOf({ ...ping, nested }))).toBe(15);
  });

  test('a document past 16 MiB and 16 KiB is answered with BSONObjectTooLarge', () => {
    const frame = messageOf(insert, { sequences: { documents: [{ text: 'x'.repeat(MAX_WIRE_DOCUMENT_BYTES) }] } });
    expect(codeOf(frame)).toBe(10334);
  });

  test.each([
    ['an unknown required flag', messageOf(ping, { flags: 4 })],
    ['no flags', frameOf(2013, Buffer.alloc(2))],
    ['a section that is cut off', frameOf(2013, Buffer.concat([int32(0), Buffer.from([0, 1])]))],
    ['a section longer than the message', opMessage(section(0, int32(500, 0)))],
    ['a section shorter than its length', opMessage(section(0, int32(4, 0)))],
    ['a sequence whose name has no end', opMessage(section(1, Buffer.concat([int32(8), Buffer.from('abcd')])))],
    ['an unknown opcode', frameOf(2002, Buffer.alloc(30))],
  ])('%s ends the connection', (_, frame) => {
    expect(() => parseMessage(frame)).toThrow(ProtocolError);
  });

  test('an optional flag that nobody knows is passed over', () => {
    expect(codeOf(messageOf(ping, { flags: 1 << 20 }))).toBeUndefined();
  });
});

describe('parseMessage with OP_QUERY', () => {
  test.each(['hello', 'isMaster', 'ismaster'])('%s on admin is a command', (name) => {
    const command = commandOf(queryOf('admin.$cmd', { [name]: 1, helloOk: true }));
    expect(command.database).toBe('admin');
    expect(deserialize(command.body)).toEqual({ [name]: 1, helloOk: true });
  });

  test.each([
    ['another command', queryOf('admin.$cmd', { ping: 1 })],
    ['a find of old', queryOf('shop.orders', { isMaster: 1 })],
  ])('%s is refused with 352', (_, frame) => {
    expect(codeOf(frame)).toBe(352);
  });

  test('one that ends before its document ends the connection', () => {
    expect(() => parseMessage(frameOf(2004, Buffer.concat([int32(0), Buffer.from('admin.$cmd\0')])))).toThrow(
      ProtocolError,
    );
  });
});

describe('parseMessage with OP_COMPRESSED', () => {
  test.each([
    ['noop', 0],
    ['zlib', 2],
  ])('a message by %s reads as it was', (_, compressor) => {
    const frame = messageOf(insert, { requestId: 7, sequences: { documents } });
    expect(parseMessage(compressedOf(frame, compressor))).toEqual({ ...parseMessage(frame), compressor });
  });

  test('an unknown compressor, a lie about the size and garbage end the connection', () => {
    const frame = compressedOf(messageOf(ping), 2);
    const lie = Buffer.from(frame);
    lie.writeInt32LE(10, 20);
    const garbage = Buffer.from(frame).fill(0xee, 25);
    const huge = Buffer.from(frame);
    huge.writeInt32LE(0x7fffffff, 20);
    for (const bytes of [compressedOf(messageOf(ping), 9), lie, garbage, huge, frameOf(2012, Buffer.alloc(4))]) {
      expect(() => parseMessage(bytes)).toThrow(ProtocolError);
    }
  });
});

describe('documentsOf', () => {
  function request(frame: Buffer): Parameters<typeof documentsOf>[0] {
    const { body, sequences } = commandOf(frame);
    return { name: 'insert', rawBody: body, sequences };
  }

  test('a sequence and an array in the body give the same raw documents', () => {
    const bySequence = documentsOf(request(messageOf(insert, { sequences: { documents } })), 'documents');
    const byBody = documentsOf(request(messageOf({ insert: 'orders', documents, $db: 'shop' })), 'documents');
    expect(bySequence).toEqual(documents.map(bsonOf));
    expect(byBody).toEqual(bySequence);
  });

  test.each([
    ['a missing field', insert, 40414],
    ['a field that is no array', { ...insert, documents: 1 }, 14],
    ['an array of anything but objects', { ...insert, documents: [{}, 'x'] }, 14],
  ])('%s is refused as MongoDB does', (_, body, code) => {
    expect(() => documentsOf(request(messageOf(body)), 'documents')).toThrow(expect.objectContaining({ code }));
  });
});

describe('checkedDocument', () => {
  test('a document of every BSON type passes', () => {
    const everything = Buffer.concat(
      [
        '016100000000000000f03f',
        '026200020000006300',
        '03630005000000 00',
        '04640005000000 00',
        '0565000100000000ff',
        '0666 00',
        '0767000102030405060708090a0b0c',
        '08680001',
        '0969000000000000000000',
        '0a6a00',
        '0b6b00610069 00',
        '0c6c000200000061000102030405060708090a0b0c',
        '0d6d00020000006100',
        '0e6e00020000006100',
        '0f6f000f000000020000006100 0500000000',
        '10700001000000',
        '117100 0000000000000000',
        '1272000000000000000000',
        '137300 00000000000000000000000000000000',
        'ff7400',
        '7f7500',
      ].map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex')),
    );
    const bytes = Buffer.concat([int32(everything.length + 5), everything, Buffer.alloc(1)]);
    expect(checkedDocument(bytes, 0, bytes.length)).toHaveLength(bytes.length);
    for (let size = 5; size < bytes.length; size += 1) {
      const shorter = Buffer.concat([int32(size), bytes.subarray(4, size - 1), Buffer.alloc(1)]);
      try {
        checkedDocument(shorter, 0, shorter.length);
      } catch (error) {
        expect(error).toMatchObject({ code: 22 });
      }
    }
  });
});

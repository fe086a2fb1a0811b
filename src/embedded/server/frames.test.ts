import { describe, expect, test } from '@jest/globals';
import { FrameReader } from './frames.ts';
import { frameOf, int32 } from './raw-client.fixture.ts';
import { MAX_MESSAGE_BYTES, ProtocolError } from './wire.ts';

function framesFrom(reader: FrameReader): Buffer[] {
  const frames: Buffer[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  return frames;
}

function cut(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

const messages = [0, 1, 700, 100_000, 3].map((size, index) => frameOf(2013, Buffer.alloc(size, index + 1), index));
const stream = Buffer.concat(messages);

describe('FrameReader', () => {
  test.each([1, 3, 16, 17, 1000, 65_536, stream.length])(
    'a stream cut every %d bytes gives the messages that went in',
    (size) => {
      const reader = new FrameReader();
      const frames = cut(stream, size).flatMap((chunk) => {
        reader.push(chunk);
        return framesFrom(reader);
      });
      expect(Buffer.concat(frames).equals(stream)).toBe(true);
      expect(frames).toHaveLength(messages.length);
      expect(reader.pendingBytes).toBe(0);
    },
  );

  test('messages handed out stay as they were while later chunks arrive', () => {
    const reader = new FrameReader();
    const kept: Buffer[] = [];
    for (let round = 0; round < 50; round += 1) {
      for (const chunk of cut(stream, 997)) {
        reader.push(chunk);
        kept.push(...framesFrom(reader));
      }
    }
    for (const [index, frame] of kept.entries()) {
      expect(frame.equals(messages[index % messages.length] ?? Buffer.alloc(0))).toBe(true);
    }
  });

  test('chunks that wait unread are kept in order', () => {
    const reader = new FrameReader();
    for (const chunk of cut(stream, 1000)) reader.push(chunk);
    expect(reader.pendingBytes).toBe(stream.length);
    expect(Buffer.concat(framesFrom(reader)).equals(stream)).toBe(true);
  });

  test.each([0, 15, -1, MAX_MESSAGE_BYTES + 1, 0x7fffffff])('a length of %d ends the stream', (length) => {
    const reader = new FrameReader();
    reader.push(int32(length, 0, 0, 2013));
    expect(() => reader.next()).toThrow(ProtocolError);
  });

  test('a message of the largest size in small chunks is copied a few times only', () => {
    const reader = new FrameReader();
    const chunk = Buffer.alloc(65_536);
    reader.push(int32(MAX_MESSAGE_BYTES, 0, 0, 2013));
    let sent = 16;
    let frame: Buffer | undefined;
    while (frame === undefined && sent <= MAX_MESSAGE_BYTES) {
      reader.push(chunk);
      sent += chunk.length;
      frame = reader.next();
    }
    expect(frame).toHaveLength(MAX_MESSAGE_BYTES);
    expect(reader.pendingBytes).toBe(sent - MAX_MESSAGE_BYTES);
  });
});

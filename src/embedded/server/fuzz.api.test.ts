import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Document } from 'bson';
import { seededRandom } from '../../../tests/random.ts';
import { helloReply } from './hello.ts';
import { Flags, RawClient, compressedOf, listenForTest, messageOf, queryOf } from './raw-client.fixture.ts';
import type { TestListener } from './raw-client.fixture.ts';
import { cursorReply, okReply } from './reply.ts';
import { documentsOf } from './request.ts';
import type { Request } from './request.ts';

const MESSAGES = 10_000;
const IN_FLIGHT = 40;
const HANG_AFTER_MS = 5000;
/** Jest's own: `--seed=<the printed number>` repeats a run. */
const SEED = jest.getSeed();

function randomOf(seed: number): (below: number) => number {
  const { random } = seededRandom(seed);
  return (below) => Math.floor(random() * below);
}

type Random = ReturnType<typeof randomOf>;

function nestedTo(depth: number): Document {
  let document: Document = {};
  for (let level = 0; level < depth; level += 1) document = level % 2 === 0 ? { a: document } : { a: [document] };
  return document;
}

const find = { find: 'orders', filter: { _id: { $in: [1, 2.5, 'x', null, /a/, new Date()] } }, limit: 5, $db: 'shop' };
const documents = [
  { _id: 1, text: 'some text' },
  { _id: 2, list: [1, 2, { deep: true }] },
];
const plain = [
  messageOf({ hello: 1, helloOk: true, client: { driver: { name: 'x' } }, compression: ['zlib'], $db: 'admin' }),
  messageOf({ insert: 'orders', ordered: true, $db: 'shop' }, { sequences: { documents } }),
  messageOf({ insert: 'orders', documents, $db: 'shop' }, { flags: Flags.checksumPresent }),
  messageOf(find),
  messageOf({ getMore: 1, collection: 'orders', $db: 'shop' }, { flags: Flags.exhaustAllowed }),
  messageOf({ ...find, filter: nestedTo(150) }),
  messageOf({ ...find, filter: nestedTo(3000) }),
];
const VALID = [
  ...plain,
  ...plain.map((frame) => compressedOf(frame, 2)),
  queryOf('admin.$cmd', { isMaster: 1, client: {} }),
];

/** Sets the header's length right, so that what is wrong lies deeper. */
function relengthened(frame: Buffer): Buffer {
  if (frame.length >= 4) frame.writeInt32LE(frame.length, 0);
  return frame;
}

const LENGTHS = [0, 1, 4, 5, 15, 16, 255, 65_536, 48_000_000, 48_000_001, 0x7fffffff, -1, -0x80000000];

const MUTATIONS: readonly ((frame: Buffer, random: Random) => Buffer)[] = [
  (frame) => frame,
  (frame, random) => {
    for (let flips = 1 + random(8); flips > 0; flips -= 1) frame[random(frame.length)] = random(256);
    return frame;
  },
  (frame, random) => {
    for (let flips = 1 + random(4); flips > 0; flips -= 1) frame[16 + random(frame.length - 16)] = random(256);
    return frame;
  },
  (frame, random) => frame.subarray(0, random(frame.length)),
  (frame, random) => relengthened(frame.subarray(0, random(frame.length))),
  (frame, random) => {
    frame.writeInt32LE(LENGTHS[random(LENGTHS.length)] ?? 0, random(frame.length - 4));
    return frame;
  },
  (frame, random) => {
    frame.writeInt32LE(LENGTHS[random(LENGTHS.length)] ?? 0, 16 + random(frame.length - 20));
    return frame;
  },
  (frame, random) => {
    const start = random(frame.length);
    const piece = frame.subarray(start, start + random(64));
    return relengthened(Buffer.concat([frame.subarray(0, start), piece, frame.subarray(start)]));
  },
  (frame) => Buffer.concat([frame, frame]),
  (frame, random) => Buffer.from(Array.from({ length: frame.length }, () => random(256))),
];

function mutant(random: Random): Buffer {
  const frame = Buffer.from(VALID[random(VALID.length)] ?? Buffer.alloc(16));
  return MUTATIONS[random(MUTATIONS.length)]?.(frame, random) ?? frame;
}

const unhandled: unknown[] = [];
const note = (reason: unknown): void => {
  unhandled.push(reason);
};

let server: TestListener;

function answer(request: Request): Buffer {
  if (request.name === 'insert') return okReply({ n: documentsOf(request, 'documents').length });
  if (request.name === 'ping') return okReply({ client: request.body.client });
  if (request.name === 'hello') return okReply(helloReply({ host: '127.0.0.1', port: 1, request }));
  const batchName = request.name === 'getMore' ? 'nextBatch' : 'firstBatch';
  return cursorReply({
    id: 0n,
    namespace: 'a.b',
    batchName,
    documents: [request.rawBody],
    extra: { body: request.body },
  });
}

beforeAll(async () => {
  process.on('unhandledRejection', note);
  let turn = 0;
  server = await listenForTest((request) => {
    turn += 1;
    return turn % 2 === 0 ? answer(request) : Promise.resolve().then(() => answer(request));
  });
});

afterAll(async () => {
  process.off('unhandledRejection', note);
  await server.listener.close(100);
});

/** Sends bytes, says that there are no more, and waits until the server has closed the connection. */
async function attack(bytes: Buffer): Promise<boolean> {
  const client = new RawClient(server.listener.port);
  client.socket.end(bytes);
  const timer = new AbortController();
  const hung = sleep(HANG_AFTER_MS, true, { signal: timer.signal }).catch(() => false);
  const closed = await Promise.race([client.closed.then(() => true), hung.then((late) => !late)]);
  timer.abort();
  client.close();
  return closed;
}

test('ten thousand mutated messages crash nothing, hang nothing and leave nothing behind', async () => {
  process.stdout.write(`fuzz seed: ${String(SEED)}\n`);
  const random = randomOf(SEED);
  let left = MESSAGES;
  const hung: string[] = [];
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (left > 0) {
        left -= 1;
        const bytes = mutant(random);
        if (!(await attack(bytes))) hung.push(bytes.toString('hex'));
      }
    }),
  );
  expect(hung).toEqual([]);
  expect(unhandled).toEqual([]);
  expect(server.log.filter(({ level }) => level === 'error')).toEqual([]);
  while (server.listener.connections.size > 0) await sleep(2);
  const client = await server.client();
  expect(await client.ask(messageOf({ ping: 1, $db: 'shop' }))).toMatchObject({ ok: 1 });
  client.close();
}, 60_000);

import { setTimeout } from 'node:timers/promises';
import { Long } from 'bson';
import { CommandError } from '../errors.ts';
import { cursorReply, okReply } from '../server/reply.ts';
import { namespaceOf, type Command, type CommandContext } from './context.ts';
import type { Cursor } from './cursors.ts';
import { sizeOf } from './find.ts';

/** How long a tailable cursor waits for new documents unless the client says otherwise. */
const AWAIT_DATA_MS = 1_000;
const AWAIT_POLL_MS = 20;

export const getMore: Command = async (context) => {
  const { body, request, services, session } = context;
  const id = cursorIdOf(body.getMore);
  if (typeof body.collection !== 'string') {
    throw new CommandError(40414, "BSON field 'getMore.collection' is missing but a required field");
  }
  const namespace = `${request.database}.${body.collection}`;
  const cursor = services.cursors.require(id, namespace, session?.id);
  const count = sizeOf(body.batchSize, 'batchSize') ?? 0;
  cursor.isBusy = true;
  try {
    const documents = await nextBatch(context, cursor, count === 0 ? Infinity : count);
    const isOpen = cursor.isTailable || !cursor.stream.isDone;
    if (!isOpen) services.cursors.kill(id);
    return cursorReply({ id: isOpen ? id : 0n, namespace, batchName: 'nextBatch', documents });
  } catch (error) {
    services.cursors.kill(id);
    throw error;
  } finally {
    cursor.isBusy = false;
    cursor.lastUsedAt = Date.now();
  }
};

async function nextBatch(
  { operation, body }: CommandContext,
  cursor: Cursor,
  count: number,
): Promise<readonly Buffer[]> {
  if (body.maxTimeMS !== undefined && !cursor.awaitsData) {
    throw new CommandError('BadValue', 'cannot set maxTimeMS on getMore command for a non-awaitData cursor');
  }
  const waitsUntil = performance.now() + Number(body.maxTimeMS ?? AWAIT_DATA_MS);
  for (;;) {
    const documents = await cursor.stream.next(count, operation);
    if (documents.length > 0 || !cursor.awaitsData || performance.now() >= waitsUntil) return documents;
    await operation.waitFor(setTimeout(AWAIT_POLL_MS));
  }
}

export const killCursors: Command = (context) => {
  const { body, services } = context;
  namespaceOf(context);
  const { cursors } = body as { cursors?: unknown[] };
  if (!Array.isArray(cursors)) {
    throw new CommandError(40414, "BSON field 'killCursors.cursors' is missing but a required field");
  }
  const killed: Long[] = [];
  const notFound: Long[] = [];
  for (const given of cursors) {
    const id = cursorIdOf(given);
    (services.cursors.kill(id) ? killed : notFound).push(Long.fromBigInt(id));
  }
  return okReply({ cursorsKilled: killed, cursorsNotFound: notFound, cursorsAlive: [], cursorsUnknown: [] });
};

function cursorIdOf(value: unknown): bigint {
  if (typeof value === 'number' || value instanceof Long) return BigInt(value.toString());
  throw new CommandError('TypeMismatch', "BSON field 'getMore.getMore' is the wrong type, expected type 'long'");
}

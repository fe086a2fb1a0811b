import type { Collection } from '../catalog/collection.ts';
import type { IndexDefinition } from '../catalog/index-definition.ts';
import { isUniqueEntry, readRecord } from '../catalog/records.ts';
import { Operation } from '../plan/operation.ts';
import { numberOf } from '../query/value-types.ts';
import { RECORD_ID_BYTES, recordIdOf } from '../storage/tree-key.ts';
import { HeldByTransaction, HIGHEST, type Entry } from '../storage/view.ts';
import type { Services } from './context.ts';
import { isBuilding } from './index-build.ts';

const PAGE = 100;
const EARLIEST = new Date(-8_640_000_000_000_000);
const ZERO = Buffer.alloc(1);

/** An index by whose dates documents expire. */
interface Expiry {
  readonly collection: Collection;
  readonly index: IndexDefinition;
  readonly seconds: number;
}

/**
 * Deletes the documents whose time is over by a TTL index: those that stand in it under a date old enough, the earliest
 * of several. What a transaction holds is left to the next sweep.
 *
 * @returns how many documents were deleted
 */
export async function sweepExpired(services: Services): Promise<number> {
  // No client waits for it: it only takes turns with the commands.
  const operation = new Operation(0);
  let deleted = 0;
  for (const expiry of expiries(services)) deleted += await sweep(services, expiry, operation);
  await services.writer.committed();
  return deleted;
}

function expiries({ catalog }: Services): Expiry[] {
  return [...catalog.all()].flatMap((collection) => {
    if (collection.isCapped) return [];
    const found = collection.indexes.map((index) => ({ collection, index, seconds: secondsOf(collection, index) }));
    return found.filter((expiry): expiry is Expiry => expiry.seconds !== undefined);
  });
}

function secondsOf(collection: Collection, index: IndexDefinition): number | undefined {
  if (index.isText || index.fields.length !== 1 || isBuilding(index)) return undefined;
  // Collections clustered by _id have the option themselves.
  if (index === collection.idIndex) return numberOf(collection.options.expireAfterSeconds);
  return numberOf(index.spec.expireAfterSeconds);
}

async function sweep(services: Services, expiry: Expiry, operation: Operation): Promise<number> {
  const { catalog, writer } = services;
  const { collection, index } = expiry;
  let deleted = 0;
  const { from: first, to } = expiredKeys(expiry);
  let from = first;
  for (;;) {
    if (catalog.get(collection.namespace) !== collection || !collection.indexes.includes(index)) return deleted;
    const page = writer.scan(index.tree, { from, to, reverse: false, limit: PAGE });
    for (const entry of page) if (removeIfFree(services, expiry, entry)) deleted += 1;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return deleted;
    from = Buffer.concat([last.key, ZERO]);
    if (operation.isSliceOver) await operation.yield();
  }
}

/** @returns whether the document was removed: no transaction holds it */
function removeIfFree({ writer, records }: Services, { collection, index }: Expiry, entry: Entry): boolean {
  const record = readRecord(writer, collection, recordOf(index, entry));
  if (record === undefined) return false;
  try {
    records.remove(writer, collection, record);
    return true;
  } catch (error) {
    if (error instanceof HeldByTransaction) return false;
    throw error;
  }
}

function expiredKeys({ index, seconds }: Expiry): { from: Buffer; to: Buffer } {
  const latest = index.encodeStored([new Date(Date.now() - seconds * 1_000)]);
  const earliest = index.encodeStored([EARLIEST]);
  const [from, last] = index.directions[0] === -1 ? [latest, earliest] : [earliest, latest];
  // Behind the key stands the number of the record.
  return { from, to: Buffer.concat([last, HIGHEST, HIGHEST]) };
}

function recordOf(index: IndexDefinition, { key, value }: Entry): number {
  return isUniqueEntry(index) ? recordIdOf(value) : recordIdOf(key, key.length - RECORD_ID_BYTES);
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient, type Collection } from 'mongodb';

const MAIN = fileURLToPath(new URL('../../src/embedded/main.ts', import.meta.url));
const WRITERS = 8;

interface Row {
  readonly _id: string;
  readonly writer: number;
  /** How often it was changed; only ever grows. */
  readonly version: number;
  readonly tags: readonly string[];
}

/** What the server had acknowledged when it was killed. */
interface Acknowledged {
  readonly versions: Map<string, number>;
  readonly removed: Set<string>;
  /** Pairs that a transaction wrote together. */
  readonly pairs: Set<string>;
}

/** What one round found after the restart. */
export interface RoundResult {
  readonly acknowledged: number;
  /** Acknowledged writes that are not there, removals that are undone, pairs that are torn. */
  readonly lost: readonly string[];
  /** What `validate` says of documents and indexes. */
  readonly faults: readonly string[];
}

/**
 * Kills the server under concurrent writes, starts it again on the same directory and compares, round after round.
 * @param random the source of when to kill and what to write, so that a seed repeats a run's choices
 */
export async function* crashRounds(rounds: number, random: () => number): AsyncGenerator<RoundResult> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crash-'));
  const known: Acknowledged = { versions: new Map(), removed: new Set(), pairs: new Set() };
  try {
    for (let round = 0; round < rounds; round++) {
      await writeUntilKilled(dataDir, known, round, random);
      yield await compare(dataDir, known);
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function start(dataDir: string): Promise<{ child: ChildProcess; client: MongoClient }> {
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--data', dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const uri = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const found = /uri=(\S+)/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => {
      reject(new Error(`The server ended with ${String(code)} before it was ready`));
    });
  });
  // A repeated write would hide whether the first one was lost.
  const client = await MongoClient.connect(uri, { retryWrites: false, serverSelectionTimeoutMS: 2_000 });
  return { child, client };
}

async function writeUntilKilled(
  dataDir: string,
  known: Acknowledged,
  round: number,
  random: () => number,
): Promise<void> {
  const { child, client } = await start(dataDir);
  const rows = client.db('crash').collection<Row>('rows');
  await rows.createIndexes([
    { key: { writer: 1, version: -1 } },
    { key: { tags: 1 } },
    { key: { version: 1, _id: 1 }, unique: true },
  ]);
  const target = known.versions.size + 20 + Math.floor(random() * 200);
  const writers = Array.from({ length: WRITERS }, (_, writer) =>
    writeForever({ client, rows, known, round, writer, random }),
  );
  // Killed by progress, not by the clock, so that a slow machine is killed in the middle of writing too.
  while (known.versions.size < target) await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGKILL');
  await once(child, 'exit');
  await Promise.all(writers);
  await client.close(true);
}

interface Writer {
  readonly client: MongoClient;
  readonly rows: Collection<Row>;
  readonly known: Acknowledged;
  readonly round: number;
  readonly writer: number;
  readonly random: () => number;
}

/** Ends with the connection: what failed was not acknowledged, and may be there or not. */
async function writeForever(context: Writer): Promise<void> {
  for (let n = 0; ; n++) {
    const id = `${String(context.round)}-${String(context.writer)}-${String(n)}`;
    try {
      await writeOne(context, id);
    } catch {
      return;
    }
  }
}

async function writeOne(context: Writer, id: string): Promise<void> {
  const { rows, known, writer, random } = context;
  const chance = random();
  await rows.insertOne({ _id: id, writer, version: versionOf(id, 0), tags: [`t${String(writer)}`, id] });
  known.versions.set(id, versionOf(id, 0));
  if (chance < 0.4) {
    await rows.updateOne({ _id: id }, { $set: { version: versionOf(id, 1) }, $push: { tags: 'changed' } });
    known.versions.set(id, versionOf(id, 1));
  } else if (chance < 0.5) {
    known.versions.delete(id);
    await rows.deleteOne({ _id: id });
    known.removed.add(id);
  } else if (chance < 0.6) await writePair(context, id);
}

/** Unique over all rows, as the index demands. */
function versionOf(id: string, change: number): number {
  return Buffer.from(id).reduce((hash, byte) => (hash * 31 + byte) % 1_000_000_007, 7) * 4 + change;
}

async function writePair({ client, rows, known, writer }: Writer, id: string): Promise<void> {
  await client.withSession((session) =>
    session.withTransaction(async () => {
      for (const half of ['a', 'b']) {
        const name = `${id}-${half}`;
        await rows.insertOne({ _id: name, writer, version: versionOf(name, 2), tags: ['pair', id] }, { session });
      }
    }),
  );
  known.pairs.add(id);
}

async function compare(dataDir: string, known: Acknowledged): Promise<RoundResult> {
  const { child, client } = await start(dataDir);
  const rows = client.db('crash').collection<Row>('rows');
  const found = new Map((await rows.find().toArray()).map((row) => [row._id, row.version]));
  const lost = [...missing(found, known), ...torn(found)];
  const validation = (await client.db('crash').command({ validate: 'rows' })) as { valid: boolean; errors: string[] };
  await client.close();
  child.kill('SIGTERM');
  await once(child, 'exit');
  return {
    acknowledged: known.versions.size,
    lost,
    faults: validation.valid ? [] : ['not valid', ...validation.errors],
  };
}

type Found = ReadonlyMap<string, number>;

function missing(found: Found, { versions, removed, pairs }: Acknowledged): string[] {
  return [
    // The write after the last acknowledged one may have come through as well.
    ...[...versions].filter(([id, version]) => (found.get(id) ?? -1) < version).map(([id]) => `${id} is too old`),
    ...[...removed].filter((id) => found.has(id)).map((id) => `${id} is back`),
    ...[...pairs].filter((id) => !found.has(`${id}-a`) || !found.has(`${id}-b`)).map((id) => `pair ${id} is missing`),
  ];
}

function torn(found: Found): string[] {
  const halves = [...found.keys()].filter((id) => /-[ab]$/.test(id));
  const other = (id: string): string => id.slice(0, -1) + (id.endsWith('a') ? 'b' : 'a');
  return halves.filter((id) => !found.has(other(id))).map((id) => `${id} is alone`);
}

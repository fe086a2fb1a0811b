import { MongoClient } from 'mongodb';
import { fileURLToPath } from 'node:url';
import type { ChildPlan } from './children.ts';
import { NODE_FLAGS } from '../../src/embedded/node-flags.ts';
import { LaunchError } from './launch-error.ts';
import { canConnect } from './ports.ts';

const SERVER = fileURLToPath(new URL('../../src/embedded/main.ts', import.meta.url));
const SELECTION_TIMEOUT_MS = 5_000;

/** A database of a server. */
export interface DatabaseTarget {
  readonly uri: string;
  readonly name: string;
}

/** The embedded database as a process of its own, so that its crash ends nothing else. */
export function embeddedDatabase(port: number, directory: string): ChildPlan {
  return {
    name: 'database',
    command: process.execPath,
    args: [...NODE_FLAGS, SERVER, '--port', String(port), '--data', directory],
    probe: () => canConnect(port),
    readyWithinMs: 30_000,
    stopWithinMs: 15_000,
  };
}

/** What drivers connect to once the embedded database listens at a port. */
export function embeddedUri(port: number): string {
  return `mongodb://127.0.0.1:${String(port)}/?replicaSet=embedded`;
}

/**
 * Whether a database holds nothing yet: only then is it ours to fill.
 * @throws LaunchError when it cannot be reached.
 */
export async function isEmpty({ uri, name }: DatabaseTarget): Promise<boolean> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS });
  try {
    const first = await client.db(name).listCollections({}, { nameOnly: true }).next();
    return first === null;
  } catch (error) {
    // The driver's messages name hosts but no passwords.
    throw new LaunchError(`The database at MONGODB_URI cannot be reached: ${(error as Error).message}`);
  } finally {
    await client.close();
  }
}

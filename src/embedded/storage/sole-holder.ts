import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';

/** What one process at a time can have: until it lets go, or ends in whatever way. */
export interface SoleHold {
  release(): void;
}

const NOTHING: SoleHold = { release: () => undefined };

/**
 * Takes a directory for this process alone, by a name that the kernel gives to one and takes back at its end: that of an abstract
 * socket (unix(7)), which is no file, so that nobody finds it left behind and has to clear it away while others do the same.
 * Linux only, and among processes that share a network; elsewhere everybody gets it, and the lock file alone tells.
 * @returns undefined where somebody else has it
 */
export async function holdSolely(directory: string): Promise<SoleHold | undefined> {
  if (process.platform !== 'linux') return NOTHING;
  // As numbers two long ones may be the same.
  const { dev, ino } = statSync(directory, { bigint: true });
  const socket = createServer((connection) => connection.destroy());
  // Not shared among the workers of a cluster, which would all have it.
  socket.listen({ path: `\0embedded-document-server-${String(dev)}-${String(ino)}`, exclusive: true });
  try {
    await once(socket, 'listening');
  } catch (error) {
    // Others are of a sandbox that allows no such socket: no reason not to start, since the lock file tells as well.
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? undefined : NOTHING;
  }
  // It alone keeps no process alive.
  socket.unref();
  return {
    release: () => {
      socket.close();
    },
  };
}

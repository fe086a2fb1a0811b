import { createServer } from 'node:net';
import type { ListenOptions, Server } from 'node:net';
import { SocketConnection } from './connection.ts';
import type { Handler, ServerLog } from './connection.ts';
import type { Connection } from './request.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** A Unix domain socket to listen on instead of host and port. */
  readonly path?: string;
  readonly handler: Handler;
  /** Told of failures of the listening socket after it listened. */
  readonly onError: (error: Error) => void;
  readonly log: ServerLog;
}

export interface Listener {
  /** The port it listens on, 0 for a Unix domain socket. */
  readonly port: number;
  readonly connections: ReadonlySet<Connection>;
  /** Takes no more connections and commands; those that run may finish within `graceMs`, then all sockets are destroyed. */
  close(graceMs: number): Promise<void>;
}

/** How long a connection may be silent before the kernel asks whether its other side still lives. */
const KEEP_ALIVE_AFTER_MS = 60_000;
/** Waiting for accept while a few hundred clients connect at once. */
const BACKLOG = 1024;

function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...options, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Ends when `done` does, or after `graceMs`. */
async function within(graceMs: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([done, expired]);
  clearTimeout(timer);
}

/**
 * Listens for MongoDB's wire protocol.
 * @throws the system's error (EADDRINUSE …) where it cannot listen
 */
export async function listen({ host, port, path, handler, onError, log }: ListenerOptions): Promise<Listener> {
  const connections = new Set<SocketConnection>();
  let lastId = 0;
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS });
  server.on('connection', (socket) => {
    lastId += 1;
    const connection = new SocketConnection({ id: lastId, socket, handler, log });
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
  await listening(server, path === undefined ? { host, port } : { path });
  server.on('error', onError);
  const address = server.address();

  async function close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    for (const connection of connections) connection.end();
    await within(graceMs, closed);
    for (const connection of connections) connection.destroy();
    await closed;
  }

  return { port: address !== null && typeof address === 'object' ? address.port : 0, connections, close };
}

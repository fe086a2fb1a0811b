import { Dispatcher, type DispatchLog } from './commands/dispatch.ts';
import { Engine } from './engine.ts';
import { listen, type Listener } from './server/listener.ts';
import { openDataDirectory, openMemoryDirectory, type DataDirectory } from './storage/directory.ts';

export { DataDirectoryError } from './storage/directory.ts';

export interface EmbeddedServerOptions {
  /** Where the data lies; made if it is not there. Without it, nothing outlives the server. */
  readonly dataDir?: string;
  /** 0 or nothing for any free port. */
  readonly port?: number;
  /** The address to listen at; anything but loopback only with `unsafeBind`. */
  readonly host?: string;
  readonly unsafeBind?: boolean;
  /** How often documents past their TTL are removed, in milliseconds; a minute by default. */
  readonly ttlIntervalMs?: number;
  /** After how long an open transaction is aborted, in milliseconds; a minute by default. */
  readonly transactionLifetimeMs?: number;
  readonly log?: DispatchLog;
}

export interface EmbeddedServer {
  /** What drivers connect to, without a database. */
  readonly uri: string;
  readonly port: number;
  /** Commands answered since the start, by name. */
  commandCounts(): ReadonlyMap<string, number>;
  openConnections(): number;
  /** Lets running commands finish, writes everything and gives the directory free. */
  close(): Promise<void>;
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);
const CLOSE_GRACE_MS = 5_000;
const TTL_INTERVAL_MS = 60_000;
const TRANSACTION_LIFETIME_MS = 60_000;

/**
 * Starts the embedded document server.
 * @throws RangeError for an address that is not loopback, DataDirectoryError, or the system's error for a taken port
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions = {}): Promise<EmbeddedServer> {
  const { host = '127.0.0.1', unsafeBind = false, log = () => undefined } = options;
  if (!LOOPBACK.has(host) && !unsafeBind) {
    throw new RangeError(`The server has no authentication and listens at loopback only; ${host} needs --unsafe-bind`);
  }
  const directory = options.dataDir === undefined ? openMemoryDirectory() : await openDataDirectory(options.dataDir);
  try {
    return await start(options, directory, host, log);
  } catch (error) {
    directory.release();
    throw error;
  }
}

async function start(
  options: EmbeddedServerOptions,
  directory: DataDirectory,
  host: string,
  log: DispatchLog,
): Promise<EmbeddedServer> {
  const address = { host, port: options.port ?? 0 };
  const onError = (task: string, error: unknown): void => {
    log('error', 'A background task failed', { task, reason: String(error) });
  };
  const connections = (): number => listener?.connections.size ?? 0;
  const engine = new Engine(
    {
      file: directory.file,
      durable: options.dataDir !== undefined,
      dataDir: options.dataDir,
      ttlIntervalMs: options.ttlIntervalMs ?? TTL_INTERVAL_MS,
      transactionLifetimeMs: options.transactionLifetimeMs ?? TRANSACTION_LIFETIME_MS,
      onError,
    },
    address,
    connections,
  );
  const dispatcher = new Dispatcher(engine.services, log);
  let listener: Listener | undefined;
  try {
    listener = await listen({
      host,
      port: address.port,
      handler: (request) => dispatcher.handle(request),
      onError: (error) => {
        onError('listening', error);
      },
      log,
    });
  } catch (error) {
    await engine.close();
    throw error;
  }
  address.port = listener.port;
  return runningServer(engine, listener, directory, host);
}

function runningServer(engine: Engine, listener: Listener, directory: DataDirectory, host: string): EmbeddedServer {
  const { port } = listener;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const ended = listener.close(CLOSE_GRACE_MS);
    // Nobody will end them any more, and running writes may wait for them.
    engine.abortTransactions();
    await ended;
    try {
      await engine.close();
    } finally {
      directory.release();
    }
  };
  return {
    uri: `mongodb://${host.includes(':') ? `[${host}]` : host}:${String(port)}/?replicaSet=embedded`,
    port,
    commandCounts: () => engine.services.operations.counts,
    openConnections: () => listener.connections.size,
    close: () => (closing ??= close()),
  };
}

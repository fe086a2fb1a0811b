import { createConnection, type Connection, type ConnectOptions } from 'mongoose';
import { awayLog, type AwayLog } from '../observability/away-log.ts';
import type { HealthCheck } from '../observability/health.ts';
import type { Logger } from '../observability/logger.ts';
import { listInArrays } from './driver-lists.ts';
import { demandConnection, givePulse, Pulse } from './pulse.ts';
import { recordQueries, type SentCommand } from './query-log.ts';

export interface PoolSettings {
  readonly maxPoolSize: number;
  readonly minPoolSize: number;
  /** How long one operation may take, in milliseconds. */
  readonly operationMs: number;
  /** How long one waits for a connection of the pool, in milliseconds; as long as for a server unless said. */
  readonly waitMs?: number;
}

export interface DatabaseSettings {
  readonly uri: string;
  readonly name: string;
  /** Names the process in the server's log and list of connections. */
  readonly appName?: string;
  readonly primary: PoolSettings;
  readonly analytics: PoolSettings;
  /** How long an operation looks for a server, in milliseconds, before it fails. */
  readonly serverSelectionMs: number;
  /** How long a new connection may take to come about, and a heartbeat's answer to arrive, in milliseconds. */
  readonly connectMs: number;
  /** How often the client looks whether the servers are there, in milliseconds. */
  readonly heartbeatMs: number;
  /** After how long without an answer to that the database counts as hung, in milliseconds. */
  readonly silenceMs: number;
}

export interface DatabaseParts {
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Sees every query; for tests. */
  readonly observe?: (sent: SentCommand) => void;
}

const RETRY_MS = 1_000;

/**
 * The connections of a process. `primary` serves all that a user sees, and every transaction: a session cannot cross
 * clients. `analytics` opens when first asked for and prefers secondaries, so that reports keep out of the way.
 */
export class Database {
  readonly primary: Connection;
  readonly #settings: DatabaseSettings;
  readonly #parts: DatabaseParts;
  readonly #open = new Map<Connection, { readonly pulse: Pulse; retry?: NodeJS.Timeout }>();
  readonly #log: AwayLog;
  #analytics: Promise<Connection> | undefined;
  #closed = false;

  constructor(settings: DatabaseSettings, parts: DatabaseParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#log = awayLog('the database', parts.logger);
    this.primary = this.#connection(settings.primary, true);
  }

  /**
   * Connects, and goes on trying in the background if there is no server yet. Never rejects: a process that starts
   * before its database answers 503 until that is there.
   * @returns whether it is connected
   */
  connect(): Promise<boolean> {
    return this.#connect(this.primary, this.#settings.primary, {});
  }

  /** The connection for aggregations, reports and exports. */
  analytics(): Promise<Connection> {
    // Kept before it is connected: whoever asks meanwhile waits for the same.
    this.#analytics ??= this.#openAnalytics();
    return this.#analytics;
  }

  healthCheck(): HealthCheck {
    return {
      name: 'database',
      critical: true,
      intervalMs: 1_000,
      timeoutMs: 1_500,
      check: async (signal) => {
        demandConnection(this.primary);
        const begun = performance.now();
        await this.primary.db?.command({ ping: 1 }, { signal });
        return { pingMs: Math.round((performance.now() - begun) * 10) / 10 };
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { pulse, retry } of this.#open.values()) {
      pulse.close();
      clearTimeout(retry);
    }
    await Promise.all(Array.from(this.#open.keys(), (connection) => connection.close()));
  }

  async #openAnalytics(): Promise<Connection> {
    const { analytics } = this.#settings;
    const connection = this.#connection(analytics, false);
    await this.#connect(connection, analytics, { readPreference: 'secondaryPreferred' });
    return connection;
  }

  #connection({ operationMs }: PoolSettings, primaryOnly: boolean): Connection {
    const connection = createConnection();
    const pulse = new Pulse({ silenceMs: this.#settings.silenceMs, primaryOnly });
    givePulse(connection, pulse);
    connection.set('bufferCommands', false);
    connection.set('maxTimeMS', operationMs);
    // Mongoose tells of failures on the connection, too; without a listener the event would end the process.
    connection.on('error', () => undefined);
    connection.on('disconnected', () => {
      if (!this.#closed) this.#parts.logger.warn('database disconnected');
    });
    connection.on('connected', () => {
      this.#parts.logger.info('database connected');
      this.#log.back();
    });
    this.#open.set(connection, { pulse });
    return connection;
  }

  async #connect(connection: Connection, pool: PoolSettings, extra: ConnectOptions): Promise<boolean> {
    try {
      await connection.openUri(this.#settings.uri, { ...this.#options(pool), ...extra });
      const client = connection.getClient();
      listInArrays(client);
      recordQueries(client, this.#parts.observe);
      this.#open.get(connection)?.pulse.listen(client);
      return true;
    } catch (error) {
      if (this.#closed) return false;
      this.#log.away(error);
      const open = this.#open.get(connection);
      if (open !== undefined)
        open.retry = setTimeout(() => void this.#connect(connection, pool, extra), RETRY_MS).unref();
      return false;
    }
  }

  #options({ maxPoolSize, minPoolSize, waitMs }: PoolSettings): ConnectOptions {
    const { name, appName, serverSelectionMs, connectMs, heartbeatMs } = this.#settings;
    return {
      dbName: name,
      ...(appName !== undefined && { appName }),
      autoIndex: false,
      autoCreate: false,
      bufferCommands: false,
      maxPoolSize,
      minPoolSize,
      serverSelectionTimeoutMS: serverSelectionMs,
      // A request that waits longer for a connection of the pool had better be told to come again.
      waitQueueTimeoutMS: waitMs ?? serverSelectionMs,
      connectTimeoutMS: connectMs,
      heartbeatFrequencyMS: heartbeatMs,
      writeConcern: { w: 'majority' },
      retryWrites: true,
      retryReads: true,
      monitorCommands: true,
    };
  }
}

import type { MongoClient, ServerHeartbeatSucceededEvent } from 'mongodb';
import type { Connection } from 'mongoose';
import { codeOf } from '../../shared/errors.ts';
import { InFlight } from '../../shared/in-flight.ts';
import { DatabaseAway } from './failures.ts';

export interface PulseSettings {
  /** After how long a silence the database counts as hung, in milliseconds. More than a heartbeat and a hiccup. */
  readonly silenceMs: number;
  /** Whether only a server that takes writes is worth hearing. */
  readonly primaryOnly: boolean;
}

interface Waiter {
  readonly until: number;
  readonly giveUp: (error: DatabaseAway) => void;
}

const LOOK_MS = 100;

/**
 * Hears whether the database lives, and ends every wait for one that does not. A server that hangs keeps its connections
 * open, and the driver waits for its answers; an operation that is merely slow must be left alone. What tells them apart
 * is that it goes on answering others: operations, or, where there are none, the driver's own heartbeat.
 */
export class Pulse {
  readonly #settings: PulseSettings;
  readonly #waiters = new InFlight<Waiter>();
  #heardAt = 0;
  #lookedAt = 0;
  #silent = true;
  #looks: NodeJS.Timeout | undefined;

  constructor(settings: PulseSettings) {
    this.#settings = settings;
  }

  /** Whether there has been no answer yet, or none for too long: what is asked now would wait in vain. */
  get silent(): boolean {
    return this.#silent;
  }

  /** Listens from now on to a client that has just connected. */
  listen(client: MongoClient): void {
    this.#heard();
    this.#lookedAt = performance.now();
    client.on('serverHeartbeatSucceeded', ({ reply }: ServerHeartbeatSucceededEvent) => {
      if (!this.#settings.primaryOnly || reply.isWritablePrimary === true) this.#heard();
    });
    // One that is behind with its work may be late with heartbeats, too, but it goes on answering.
    client.on('commandSucceeded', () => {
      this.#heard();
    });
    this.#looks ??= setInterval(() => {
      // Behind a load balancer the driver has no heartbeat.
      this.#look(client.options.loadBalanced);
    }, LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#looks);
  }

  /**
   * Settles as `work` does, but rejects as soon as the database is silent, or at the latest after `limitMs`. What was asked
   * may still be carried out: it is not called back, only nobody waits for it any more.
   * @throws DatabaseAway
   */
  race<T>(work: Promise<T>, limitMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiter = { until: performance.now() + limitMs, giveUp: reject };
      this.#waiters.add(waiter);
      const fail = (error: unknown): void => {
        reject(isBrokenSocket(error) ? new DatabaseAway() : (error as Error));
      };
      work.then(resolve, fail).finally(() => this.#waiters.delete(waiter));
    });
  }

  #heard(): void {
    this.#heardAt = performance.now();
    this.#silent = false;
  }

  #look(deaf: boolean): void {
    const now = performance.now();
    const sinceMs = now - this.#lookedAt;
    this.#lookedAt = now;
    if (sinceMs > 3 * LOOK_MS) {
      // This process was not running, and what has come meanwhile is read after this: it is no silence of the database.
      this.#heardAt += sinceMs;
      return;
    }
    this.#silent = !deaf && now - this.#heardAt > this.#settings.silenceMs;
    for (const { until, giveUp } of this.#waiters) if (this.#silent || now > until) giveUp(new DatabaseAway());
  }
}

/** A write to a connection that the server has just ended: the driver hands the socket's own error through. */
const isBrokenSocket = (error: unknown): boolean => ['EPIPE', 'ECONNRESET'].includes(codeOf(error));

const pulses = new WeakMap<Connection, Pulse>();

/** Gives a connection its pulse, before anything is asked over it. */
export function givePulse(connection: Connection, pulse: Pulse): void {
  pulses.set(connection, pulse);
}

/** @throws DatabaseAway at once where the driver would look for a server, or wait for one that hangs */
export function demandConnection(connection: Connection): void {
  // Not by Mongoose's `readyState`, which says no as well where two heartbeats are late, as those of a busy machine are.
  if (pulses.get(connection)?.silent !== false) throw new DatabaseAway();
}

/** See `Pulse.race`. */
export function withPulse<T>(connection: Connection, work: Promise<T>, limitMs: number): Promise<T> {
  return pulses.get(connection)?.race(work, limitMs) ?? work;
}

const ANSWERED = [
  'bulkWrite',
  'countDocuments',
  'deleteMany',
  'deleteOne',
  'distinct',
  'findOne',
  'findOneAndDelete',
  'findOneAndUpdate',
  'insertMany',
  'insertOne',
  'updateMany',
  'updateOne',
] as const;
const READ_BY_CURSOR = ['aggregate', 'find'] as const;
const READ = ['next', 'toArray'] as const;

/** The server ends what is too slow by itself, and says so: what is too slow for that as well has no answer coming. */
const MARGIN_MS = 500;

/** Has no operation on a model wait for a database that does not answer. Mongoose sends all of them over the model's collection. */
export function bounded<M extends { readonly collection: object; readonly db: Connection }>(model: M): M {
  const { db, collection } = model;
  const race = <T>(work: Promise<T>) => withPulse(db, work, Number(db.get('maxTimeMS')) + MARGIN_MS);
  wrap(collection, ANSWERED, race);
  wrap(collection, READ_BY_CURSOR, (cursor: object) => wrap(cursor, READ, race));
  return model;
}

type Method = (...args: unknown[]) => unknown;

/** Passes what some methods of an object return through `change`. */
function wrap<T extends object>(target: T, names: readonly string[], change: (returned: never) => unknown): T {
  const methods = target as Readonly<Record<string, Method | undefined>>;
  const changed = names.map((name) => {
    const method = methods[name]?.bind(target);
    return [name, (...args: unknown[]) => change(method?.(...args) as never)] as const;
  });
  return Object.assign(target, Object.fromEntries(changed));
}

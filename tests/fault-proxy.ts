import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const HOST = '127.0.0.1';

/** Stands between a client and a server on this machine, to be slow, silent or gone when a test says so. */
export class FaultProxy {
  /** Where clients connect. Stays the same over `reset` and `restore`. */
  readonly port: number;
  /** By how much each chunk is delayed, in milliseconds, in both directions. */
  latencyMs = 0;
  readonly #targetPort: number;
  readonly #links = new Set<Link>();
  #server: Server;
  #silent = false;

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#targetPort = targetPort;
    this.#serve(server);
  }

  static async start(targetPort: number): Promise<FaultProxy> {
    return new FaultProxy(await listening(0), targetPort);
  }

  /** From now on connections stay open, new ones are taken, and nothing goes through: how a hung server looks. */
  blackhole(): void {
    this.#silent = true;
    for (const link of this.#links) link.pause();
  }

  /** Drops all connections and refuses new ones: how a server looks that is gone. */
  async reset(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    for (const link of this.#links) link.end();
    await closed;
  }

  /** All goes through again. What was held back by `blackhole` arrives late, as after a hang. */
  async restore(): Promise<void> {
    this.#silent = false;
    this.latencyMs = 0;
    for (const link of this.#links) link.resume();
    if (this.#server.listening) return;
    this.#server = await listening(this.port);
    this.#serve(this.#server);
  }

  close(): Promise<void> {
    return this.reset();
  }

  #serve(server: Server): void {
    server.on('connection', (client) => {
      const link = new Link(client, connect(this.#targetPort, HOST), () => this.latencyMs);
      if (this.#silent) link.pause();
      this.#links.add(link);
      client.once('close', () => this.#links.delete(link));
    });
  }
}

/** One client's connection and the one to the server that belongs to it. */
class Link {
  readonly #sides: readonly Socket[];

  constructor(client: Socket, server: Socket, latencyMs: () => number) {
    this.#sides = [client, server];
    forward(client, server, latencyMs);
    forward(server, client, latencyMs);
  }

  pause(): void {
    for (const side of this.#sides) side.pause();
  }

  resume(): void {
    for (const side of this.#sides) side.resume();
  }

  end(): void {
    for (const side of this.#sides) side.resetAndDestroy();
  }
}

function forward(from: Socket, to: Socket, latencyMs: () => number): void {
  from.setNoDelay(true);
  from.on('data', (chunk) => {
    // Chunks delayed alike stay in order, since timers of one length do.
    if (latencyMs() > 0) setTimeout(() => to.write(chunk), latencyMs());
    else to.write(chunk);
  });
  from.on('end', () => to.end());
  // Told by `close`, which follows.
  from.on('error', () => undefined);
  from.on('close', () => to.destroy());
}

async function listening(port: number): Promise<Server> {
  // Half-open connections are the link's to end.
  const server = createServer({ allowHalfOpen: true }).listen(port, HOST);
  await once(server, 'listening');
  return server;
}

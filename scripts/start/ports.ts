import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

const HOST = '127.0.0.1';

/**
 * A port that nobody listens at: the preferred one if it is free.
 * @param preferred 0 for any
 * @param promised is free as well, but somebody else's
 */
export async function freePort(preferred = 0, promised?: number, host = HOST): Promise<number> {
  if (preferred !== 0 && preferred !== promised && (await isFree(preferred, host))) return preferred;
  const probe = createServer().listen(0, host);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port === promised ? freePort(0, promised, host) : port;
}

/** Whether a server could listen at a port now. */
export async function isFree(port: number, host: string): Promise<boolean> {
  return (await whyNotFree(port, host)) === undefined;
}

/** The code of the error that a server would get that listens at a port now, or undefined when it would get none. */
export async function whyNotFree(port: number, host: string): Promise<string | undefined> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
  probe.close();
  await once(probe, 'close');
  return undefined;
}

/** Resolves when something takes connections at a port of 127.0.0.1. */
export async function canConnect(port: number): Promise<void> {
  const socket = connect(port, HOST);
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

/** Resolves when a Redis answers: one that is still reading its file takes connections but no commands. */
export async function canPing(port: number): Promise<void> {
  const socket = connect(port, HOST);
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [reply] = (await once(socket, 'data')) as [Buffer];
    if (!reply.includes('+PONG')) throw new Error(reply.toString());
  } finally {
    socket.destroy();
  }
}

/** Resolves when an address answers 200. */
export async function canGet(url: string): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${url} answers ${String(answer.status)}`);
}

declare module 'proxy-addr' {
  import type { IncomingMessage } from 'node:http';

  /**
   * The address of whoever is behind all proxies that are trusted, the nearest of which is the peer of the socket.
   * @returns undefined once the socket is closed and nobody else is named
   */
  export default function proxyAddress(
    req: Pick<IncomingMessage, 'headers' | 'socket'>,
    isTrusted: (address: string, hop: number) => boolean,
  ): string | undefined;
}

import type { Express } from 'express';
import type { IncomingMessage } from 'node:http';
import proxyAddress from 'proxy-addr';

/** Finds from which network address a request came. */
export type AddressOf = (req: Pick<IncomingMessage, 'headers' | 'socket'>) => string;

/**
 * What `req.ip` is, for requests that Express has not seen yet: past the proxies that the app trusts, each of which appends to
 * `X-Forwarded-For` for whom it speaks. Where nobody has said anything it is the peer, and nothing is parsed.
 */
export function callerAddress(app: Express): AddressOf {
  const isTrusted = app.get('trust proxy fn') as Parameters<typeof proxyAddress>[1];
  return (req) =>
    (req.headers['x-forwarded-for'] === undefined ? req.socket.remoteAddress : proxyAddress(req, isTrusted)) ?? '';
}

import compression from 'compression';
import express, { type Express } from 'express';
import helmet from 'helmet';
import type { AddressInfo } from 'node:net';

/** What the figures are held against: `bare` sends finished bytes, `usual` does what most servers do. Told by a message. */
export type Plain =
  { readonly kind: 'bare'; readonly packed: string } | { readonly kind: 'usual'; readonly body: unknown };

function appOf(plain: Plain): Express {
  const app = express();
  app.disable('x-powered-by');
  if (plain.kind === 'usual') {
    app.use(helmet(), compression());
    app.get('/list', (_req, res) => {
      res.json(plain.body);
    });
    return app;
  }
  app.disable('etag');
  const packed = Buffer.from(plain.packed, 'base64');
  app.get('/list', (_req, res) => {
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.setHeader('Content-Encoding', 'gzip');
    res.setHeader('Content-Length', packed.length);
    res.end(packed);
  });
  return app;
}

process.once('message', (plain: Plain) => {
  const server = appOf(plain).listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
});
process.once('disconnect', () => process.exit());

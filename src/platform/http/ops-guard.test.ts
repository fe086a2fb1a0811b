import { expect, test } from '@jest/globals';
import express from 'express';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../../../tests/environment/index.ts';
import { traced } from '../../../tests/traced.ts';
import { newId } from '../../shared/ids.ts';
import { LocalLimiter } from '../limits/local.ts';
import type { AuditedCall } from './edge.ts';
import { guardOps } from './ops-guard.ts';

test('what a caller asks for who leaves before being let in is not done, since nothing would tell of it', async () => {
  const audited: AuditedCall[] = [];
  const done: string[] = [];
  const asked = Promise.withResolvers<undefined>();
  const letIn = Promise.withResolvers<undefined>();
  const guard = guardOps(
    {
      async authorize(authorization) {
        if (authorization === 'slow') {
          asked.resolve(undefined);
          await letIn.promise;
        }
        return { actor: { kind: 'user', id: newId() } };
      },
      audit: (call) => Promise.resolve(void audited.push(call)),
      limiter: new LocalLimiter(1),
    },
    { path: '/', operationId: 'usePage', reason: 'page' },
  );
  const app = express();
  const left = Promise.withResolvers<undefined>();
  app.use((_req, res, next) => {
    res.once('close', () => {
      left.resolve(undefined);
    });
    next();
  });
  app.use(guard, (req, res) => {
    done.push(req.path);
    res.end();
  });
  const server = createServer(traced(app)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const put = (path: string, authorization: string) => {
    const { port } = server.address() as AddressInfo;
    const call = request({ host: '127.0.0.1', port, path, method: 'PUT', headers: { authorization }, agent: false });
    return call.on('error', () => undefined).end();
  };
  try {
    const leaving = put('/left', 'slow');
    await asked.promise;
    leaving.destroy();
    await left.promise;
    letIn.resolve(undefined);
    put('/stayed', 'quick');
    await eventually(() => audited.length > 0);
    expect(done).toEqual(['/stayed']);
    expect(audited.map(({ path }) => path)).toEqual(['/stayed']);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

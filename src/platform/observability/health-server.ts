import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { HealthRegistry } from './health.ts';

/** The health of a process that serves nothing else: `/health`, `/health/live` and `/health/ready`, without Express. */
export async function startHealthServer(health: HealthRegistry, host: string, port: number): Promise<Server> {
  const answers: Readonly<Record<string, () => readonly [status: number, body: object]>> = {
    '/health': () => [health.report().status === 'unhealthy' ? 503 : 200, health.report()],
    '/health/live': () => [200, { status: 'alive' }],
    '/health/ready': () => [health.isReady() ? 200 : 503, { ready: health.isReady(), ...health.report() }],
  };
  const server = createServer((req, res) => {
    const answer = req.method === 'GET' ? answers[req.url ?? ''] : undefined;
    send(res, ...(answer?.() ?? [404, { status: 'not found' }]));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

function send(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(body));
}

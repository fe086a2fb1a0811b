import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { HealthRegistry } from './health.ts';

export interface HealthServerOptions {
  readonly host: string;
  readonly port: number;
  /** What `/metrics` answers, in the format that Prometheus reads. */
  readonly metrics: () => Promise<string>;
}

/** The health of a process that serves nothing else: `/health*` and `/metrics`, without Express. */
export async function startHealthServer(
  health: HealthRegistry,
  { host, port, metrics }: HealthServerOptions,
): Promise<Server> {
  const answers: Readonly<Record<string, () => readonly [status: number, body: object]>> = {
    '/health': () => [health.report().status === 'unhealthy' ? 503 : 200, health.report()],
    '/health/live': () => [200, { status: 'alive' }],
    '/health/ready': () => [health.isReady() ? 200 : 503, { ready: health.isReady(), ...health.report() }],
  };
  const server = createServer((req, res) => {
    if (req.method === 'GET' && req.url === '/metrics') {
      void sendText(res, metrics);
      return;
    }
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

async function sendText(res: ServerResponse, text: () => Promise<string>): Promise<void> {
  const body = await text().catch(() => undefined);
  if (body === undefined) send(res, 500, { status: 'failed' });
  else res.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4', 'Cache-Control': 'no-store' }).end(body);
}

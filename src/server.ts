import './platform/process/steady-heap.ts';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApi, featuresOf } from './api.ts';
import { loadConfigOrExit } from './config/index.ts';
import { createContainer } from './container.ts';
import { closeServer, httpServer } from './platform/http/server.ts';
import { exitUnheard } from './platform/process/cannot-listen.ts';
import { stopInOrder } from './platform/process/stop.ts';
import { warmTargets } from './warm-targets.ts';

/** How long the process says that it is not ready before it refuses connections, so that load balancers can notice. */
const ANNOUNCE_MS = 1_000;
/** For closing queues and pools, after the requests. */
const CLOSE_MS = 7_000;

const FIRST_LOOK_MS = 1_000;

const config = loadConfigOrExit();
const container = createContainer(config, 'api');
const logger = container.logger();
const health = container.health();
// Here, since workers put nothing into queues but by the outbox, and look at their own.
health.register(container.queue().healthCheck());
const features = featuresOf(container);
const server = httpServer(createApi(container, features));

stopInOrder({
  logger,
  deadlineMs: ANNOUNCE_MS + config.http.shutdownMs + CLOSE_MS,
  async drain() {
    health.drain();
    const inTime = await closeServer(server, { announceMs: ANNOUNCE_MS, graceMs: config.http.shutdownMs });
    if (!inTime) logger.warn('requests were broken off');
    await container.close();
  },
});

// Before anything it depends on is there: a process that starts while Redis or the database is away says so itself.
try {
  server.listen(config.http.port, config.http.host);
  await once(server, 'listening');
} catch (error) {
  exitUnheard({ ...config.http, variable: 'PORT' }, error);
}
logger.info({ port: (server.address() as AddressInfo).port, host: config.http.host }, 'listening');
// Looked at too early, the database would count as away until the next look.
await Promise.race([container.database().connect(), sleep(FIRST_LOOK_MS)]);
await health.start();
container.relay().start();
container.keepWarm(() => warmTargets(features, container));
container.schedules().start();

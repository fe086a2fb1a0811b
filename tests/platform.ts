import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canConnect, freePort } from '../scripts/start/ports.ts';
import type { VariableOverrides } from '../src/config/index.ts';
import { readKeptMails, type KeptMail } from '../src/platform/mail/kept-mails.ts';
import { startMailSink } from '../src/platform/mail/sink.ts';
import type { HealthReport } from '../src/platform/observability/health.ts';
import { startChild, type Child } from './child.ts';
import { eventually } from './environment/index.ts';
import { startRedis, type RedisProcess } from './redis.ts';

export interface TestDatabaseProcess {
  readonly uri: string;
  /** Lets it hang: connections stay open and nothing is answered. */
  pause(): void;
  resume(): void;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** The whole platform in processes of its own, to be broken by a test. */
export interface TestPlatform {
  readonly url: string;
  readonly api: Child;
  readonly worker: Child;
  /** Starts another API where the first was, and another worker, after those have ended. */
  startAgain(): Promise<readonly [api: Child, worker: Child]>;
  /** Starts one more API, which may have servers of its own, and says where. */
  anotherApi(overrides?: VariableOverrides): Promise<string>;
  readonly queueRedis: RedisProcess;
  readonly cacheRedis: RedisProcess;
  readonly database: TestDatabaseProcess;
  /** Resolves once the API has its servers; jobs of kinds that no worker here does may wait. */
  serversUp(): Promise<void>;
  health(): Promise<HealthReport & { readonly ready: boolean }>;
  mails(): Promise<readonly KeptMail[]>;
  stop(): Promise<void>;
}

/** By their names in `/health/ready`. */
const SERVERS = ['database', 'redis-queues', 'redis-cache'];

/** Starts database, both Redis, API and a worker for mails, each on a port of its own, and waits until all are ready. */
export async function startPlatform(): Promise<TestPlatform> {
  const directory = await mkdtemp(join(tmpdir(), 'platform-'));
  const mailDirectory = join(directory, 'mail');
  const [queueRedis, cacheRedis] = [await startRedis('--appendonly', 'yes'), await startRedis()];
  const sink = await startMailSink({ directory: mailDirectory, port: 0 });
  const database = await startDatabase(join(directory, 'mongo'));
  const { api, worker, url, startAgain, startApi } = await startProcesses({
    MONGODB_URI: database.uri,
    REDIS_URL: queueRedis.url,
    CACHE_REDIS_URL: cacheRedis.url,
    SMTP_URL: sink.url,
  });
  const others: Child[] = [];
  const health = async () =>
    (await (await fetch(`${url}/health/ready`)).json()) as HealthReport & { readonly ready: boolean };
  return {
    url,
    api,
    worker,
    async startAgain() {
      const started = await startAgain();
      others.push(...started);
      return started;
    },
    async anotherApi(overrides) {
      const port = await freePort();
      others.push(await startApi(String(port), overrides));
      return `http://127.0.0.1:${String(port)}`;
    },
    queueRedis,
    cacheRedis,
    database,
    health,
    async serversUp() {
      await eventually(async () => {
        const { checks } = await health();
        return SERVERS.every((name) => checks[name]?.status === 'up');
      });
    },
    mails: () => readKeptMails(mailDirectory),
    async stop() {
      const children = [api, worker, ...others];
      for (const child of children) child.kill('SIGKILL');
      await Promise.all([...children.map(({ ended }) => ended), database.kill()]);
      await Promise.all([queueRedis.stop(), cacheRedis.stop(), sink.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startDatabase(directory: string): Promise<TestDatabaseProcess> {
  const port = await freePort();
  const start = async (): Promise<Child> => {
    const child = startChild('src/embedded/main.ts', ['--port', String(port), '--data', directory], {});
    await answers(() => canConnect(port).then(() => true));
    return child;
  };
  let child = await start();
  return {
    uri: `mongodb://127.0.0.1:${String(port)}/?replicaSet=embedded`,
    pause: () => {
      child.kill('SIGSTOP');
    },
    resume: () => {
      child.kill('SIGCONT');
    },
    async kill() {
      child.kill('SIGKILL');
      await child.ended;
    },
    async restart() {
      child = await start();
    },
  };
}

async function startProcesses(servers: VariableOverrides) {
  const [port, workerPort] = [String(await freePort()), String(await freePort())];
  const environment: VariableOverrides = {
    ...servers,
    NODE_ENV: 'development',
    LOG_LEVEL: 'info',
    LIMIT_PER_ADDRESS: '1000000',
    LIMIT_PER_USER: '1000000',
    MIN_POOL_SIZE: '0',
    PORT: port,
    WORKER_PORT: workerPort,
  };
  await startChild('scripts/migrate.ts', ['apply'], environment).ended;
  const ready = async (child: Child, at: string): Promise<Child> => {
    await answers(() => fetch(`http://127.0.0.1:${at}/health/ready`).then(({ ok }) => ok));
    return child;
  };
  const startApi = (at: string, overrides: VariableOverrides = {}) =>
    ready(startChild('src/server.ts', [], { ...environment, ...overrides, PORT: at }), at);
  const startWorker = () => ready(startChild('workers/main.ts', ['email'], environment), workerPort);
  const startAgain = () => Promise.all([startApi(port), startWorker()]);
  const [api, worker] = await startAgain();
  return { api, worker, url: `http://127.0.0.1:${port}`, startAgain, startApi };
}

const answers = (look: () => Promise<boolean>) => eventually(() => look().catch(() => false), 30_000);

import { afterEach, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { freePort, isFree } from '../scripts/start/ports.ts';
import type { VariableOverrides } from '../src/config/index.ts';
import { queues } from '../src/container/queues.ts';
import type { HealthReport } from '../src/platform/observability/health.ts';
import { startChild, type Child } from './child.ts';
import { eventually } from './environment/index.ts';

jest.setTimeout(60_000);

const ROOT = new URL('../', import.meta.url).href;

/** Where nothing listens: port 1 is nobody's. */
const AWAY = {
  MONGODB_URI: 'mongodb://127.0.0.1:1',
  REDIS_URL: 'redis://127.0.0.1:1',
  CACHE_REDIS_URL: 'redis://127.0.0.1:1',
};

let child: Child | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
});

function run(path: string, args: readonly string[], environment: VariableOverrides): Child {
  child = startChild(path, args, environment);
  return child;
}

const statusOf = (url: string) => fetch(url).then(({ status }) => status);
const answers = (url: string) => eventually(() => statusOf(url).catch(() => undefined));

test('F5: with database and Redis away the API listens, is live, and is not ready with the causes', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  run('src/server.ts', [], { ...AWAY, PORT: String(port) });
  expect(await answers(`${url}/health/live`)).toBe(200);
  const ready = await fetch(`${url}/health/ready`);
  expect(ready.status).toBe(503);
  await eventually(async () => {
    const { checks } = (await (await fetch(`${url}/health/ready`)).json()) as HealthReport;
    const causes = ['database', 'redis-queues', 'redis-cache', 'queue'].map((name) => checks[name]?.cause);
    return causes.join(' ') === 'DATABASE_AWAY ECONNREFUSED ECONNREFUSED QUEUE_AWAY';
  });
});

test('told to stop, the API says that it is not ready while it still answers, then ends with 0 and leaves its port', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const api = run('src/server.ts', [], { ...AWAY, PORT: String(port) });
  await answers(`${url}/health/live`);
  api.kill('SIGTERM');
  await eventually(async () => {
    const { draining } = (await (await fetch(`${url}/health`)).json()) as { draining: boolean };
    return draining;
  });
  expect((await api.ended).code).toBe(0);
  expect(await isFree(port, '127.0.0.1')).toBe(true);
});

test('a second signal ends the API at once, and says by its exit code that it was not in order', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const api = run('src/server.ts', [], { ...AWAY, PORT: String(port) });
  await answers(`${url}/health/live`);
  expect((await api.signalUntilEnded('SIGTERM')).code).toBe(1);
});

test('told to stop while database and Redis are away, a worker ends with 0, and has said once of each that it is away', async () => {
  const port = String(await freePort());
  const worker = run('workers/main.ts', ['email', 'payments'], { ...AWAY, WORKER_PORT: port });
  const checks = () =>
    fetch(`http://127.0.0.1:${port}/health`).then(async (answer) => (await answer.json()) as HealthReport);
  await eventually(() =>
    checks().then(
      ({ checks: { queue } }) => queue?.cause !== undefined,
      () => false,
    ),
  );
  worker.kill('SIGTERM');
  const { code, log } = await worker.ended;
  expect(code).toBe(0);
  const away = log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { message: string; queue?: string; redis?: string })
    .filter(({ message }) => message.includes('away'))
    .map(({ message, queue = '', redis = '' }) => `${message} ${queue}${redis}`.trim());
  expect(away).toEqual(
    expect.arrayContaining(['the database is away', 'the queue is away email', 'the queue is away payments']),
  );
  expect(away.filter((line, index) => away.indexOf(line) !== index)).toEqual([]);
});

test('a wrong environment ends the API with 1 and every fault', async () => {
  const { code, errors } = await run('src/server.ts', [], { PORT: 'http', NODE_ENV: 'production' }).ended;
  expect(code).toBe(1);
  for (const variable of ['PORT', 'JWT_SECRET', 'CURSOR_SECRET', 'AUDIT_SECRET', 'PUBLIC_URL', 'SMTP_URL'])
    expect(errors).toContain(variable);
});

test.each([
  ['npm run start:prod', ['src/server']],
  ['npm run worker -- email', ['workers/main', 'email']],
])(
  '%s without any variable is production: it ends with 1 and every variable that it must be told',
  async (_command, args) => {
    const { code, errors } = await run('scripts/run.js', args, { NODE_ENV: '' }).ended;
    expect(code).toBe(1);
    for (const variable of ['PUBLIC_URL', 'MONGODB_URI', 'REDIS_URL', 'JWT_SECRET', 'CURSOR_SECRET', 'SMTP_URL'])
      expect(errors).toContain(`${variable} must be set in production`);
    expect(errors).toContain('NODE_ENV is not set, so this is production\n');
  },
);

test('a default secret refuses to start where nobody says that it is development', async () => {
  const JWT_SECRET = 'development-only-access-token-key';
  const { code, errors } = await run('scripts/run.js', ['src/server'], { NODE_ENV: '', JWT_SECRET }).ended;
  expect(code).toBe(1);
  expect(errors).toContain('JWT_SECRET is a default that everybody knows');
  expect(errors).not.toContain(JWT_SECRET);
});

test.each([[[]], [['email', 'telegrams']]])(
  'a worker process asked for %j tells which kinds there are',
  async (kinds) => {
    const { code, errors } = await run('workers/main.ts', kinds, {}).ended;
    expect(code).toBe(1);
    expect(errors).toContain(`there are: ${Object.keys(queues).join(', ')}`);
  },
);

test('a worker process asked for help tells which kinds there are, and ends with 0', async () => {
  const { code, log } = await run('workers/main.ts', ['--help'], {}).ended;
  expect(code).toBe(0);
  expect(log).toBe(`npm run worker -- <kind> [more kinds]; there are: ${Object.keys(queues).join(', ')}\n`);
});

test.each([
  ['src/server.ts', [], 'PORT'],
  ['workers/main.ts', ['email'], 'WORKER_PORT'],
])('%s, whose port another program has, ends with 1 and a line that says so', async (file, args, variable) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const port = String((other.address() as AddressInfo).port);
  const { code, errors } = await run(file, args, { ...AWAY, [variable]: port }).ended;
  other.close();
  const line = `Cannot listen at HOST 127.0.0.1, ${variable} ${port}: another program listens there\n`;
  expect({ code, errors }).toEqual({ code: 1, errors: line });
});

test('demo data for a database that is away is refused in a line', async () => {
  const { code, errors } = await run('scripts/seed/main.ts', [], AWAY).ended;
  expect(code).toBe(1);
  expect(errors).toMatch(/^The database at MONGODB_URI cannot be reached: .*ECONNREFUSED.*\n$/);
});

test('a worker loads nothing of Express', async () => {
  const look = `
    const files = ['src/container.ts', 'workers/email.worker.ts', 'workers/payments.worker.ts'];
    await Promise.all(files.map((file) => import('${ROOT}' + file)));
    const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire('${ROOT}package.json').cache);
    console.log(JSON.stringify(loaded.filter((file) => /node_modules.(express|helmet|bullmq)./.test(file))));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', look]);
  const loaded = JSON.parse(stdout) as string[];
  // What a worker does need is there, so that the look is known to see.
  expect(loaded.some((file) => file.includes('bullmq'))).toBe(true);
  expect(loaded.filter((file) => !file.includes('bullmq'))).toEqual([]);
});

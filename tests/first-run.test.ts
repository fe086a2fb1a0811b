import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { parseEnv } from 'node:util';
import { freePort, isFree } from '../scripts/start/ports.ts';
import type { ProcessIdentity } from '../scripts/start/process-identity.ts';
import { queues } from '../src/container/queues.ts';
import type { KeptMail } from '../src/platform/mail/kept-mails.ts';
import { Caller } from './caller.ts';
import { startChild } from './child.ts';
import { eventually } from './environment/index.ts';
import { LauncherRun } from './launcher.ts';

jest.setTimeout(120_000);

let url: string;

describe('a first run, step by step', () => {
  let run: LauncherRun;
  let started: readonly ProcessIdentity[];

  beforeAll(async () => {
    const port = String(await freePort());
    url = `http://127.0.0.1:${port}`;
    run = await LauncherRun.start(['--port', port]);
    await run.says(/Stop +Ctrl-C/, 90_000);
    started = run.children();
  });
  afterAll(() => run.remove());

  const get = (path: string) => fetch(`${url}${path}`);

  test('each step has its tick and its time, in order', () => {
    const steps = Array.from(run.output.matchAll(/^✔ (.+?) +\d+\.\d s/gm), ([, name]) => name);
    expect(steps).toEqual(['Configuration', 'Redis', 'Database', 'Indexes', 'Demo data', 'API', 'Workers']);
  });

  test('the table names where everything is', () => {
    for (const path of ['/api', '/docs', '/health', '/ops/mail']) expect(run.output).toContain(`${url}${path}`);
    expect(run.output).toContain(`${run.directory}/.data`);
  });

  test('each demo login in the table signs in', () => signInWithEachLogin(run.output, url));

  test('the platform is healthy', async () => {
    expect((await get('/health/ready')).status).toBe(200);
    expect(await (await get('/health')).json()).toMatchObject({ status: 'healthy' });
  });

  test('its documentation can be read', async () => {
    expect((await get('/docs')).status).toBe(200);
    expect(await (await get('/openapi.json')).json()).toMatchObject({ openapi: '3.1.0' });
  });

  test('the link to the queue board in the table opens it in a browser', async () => {
    const [link = ''] = /http\S+\/ops\/queues\/enter\S+/.exec(run.output) ?? [];
    const entered = await fetch(link, { redirect: 'manual' });
    const cookie = entered.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const board = await fetch(`${url}/ops/queues/api/queues`, { headers: { Cookie: cookie } });
    const shown = (await board.json()) as { queues: { name: string }[] };
    expect(shown.queues.map(({ name }) => name).sort()).toEqual(Object.keys(queues).sort());
    expect((await get('/ops/queues')).status).toBe(401);
  });

  test('a worker more takes part with the environment that it writes, for its owner alone', () => startWorker(run));

  describe('a shop is opened and somebody buys there', walk);

  test('a child that is killed is told of and comes back', async () => {
    // The workers are started last, right after the API.
    const api = started.at(-2);
    process.kill(api?.pid ?? 0, 'SIGKILL');
    await run.says(/api was ended by SIGKILL; starting it again in 0\.5 s/, 10_000);
    await run.says(/api is up again/, 30_000);
    expect((await get('/health/live')).status).toBe(200);
    started = run.children();
  });

  test('Ctrl-C ends everything: no process and no port is left', async () => {
    run.interrupt();
    expect(await run.ended()).toBe(0);
    expect(run.running(started)).toEqual([]);
    expect(await isFree(Number(new URL(url).port), '127.0.0.1')).toBe(true);
  });

  test('started again, each process finds its code compiled, and by flags that are its own', () => startAgain(run));
});

/** The walk, each step building on the one before. */
function walk(): void {
  const place = { sku: 'MUG-BLUE', quantity: 2 };
  let seller: Caller;
  let buyer: Caller;
  let merchantId: string;
  let locationId: string;
  let orderId: string;

  const mails = async (): Promise<readonly KeptMail[]> => {
    const answer = await fetch(`${url}/ops/mail`, { headers: { Accept: 'application/json' } });
    return ((await answer.json()) as { data: KeptMail[] }).data;
  };
  const mailTo = (email: string, about: RegExp) =>
    eventually(async () => (await mails()).find(({ to, subject }) => to.includes(email) && about.test(subject)));
  const stock = () => seller.get(`/merchant/locations/${locationId}/stock/${place.sku}`);

  test('two people sign up and sign in; each gets a mail to confirm the address', async () => {
    seller = new Caller(url);
    buyer = new Caller(url);
    await seller.signUp('seller@first-run.example', 'Sam Seller');
    await buyer.signUp('buyer@first-run.example', 'Bea Buyer');
    await mailTo('seller@first-run.example', /confirm your e-mail/i);
    await mailTo('buyer@first-run.example', /confirm your e-mail/i);
  });

  test('one opens a store with a product and 10 pieces of it', async () => {
    const store = await seller.post('/merchants', { slug: 'first-run-mugs', name: 'First Run Mugs' });
    merchantId = String(store.id);
    const price = { amount: 1_250, currency: 'EUR' };
    const variants = [{ sku: place.sku, title: 'Blue', price }];
    await seller.post('/merchant/products', { title: 'Blue mug', category: 'mugs', status: 'active', variants });
    locationId = String((await seller.post('/merchant/locations', { name: 'Shelf' })).id);
    await seller.put(`/merchant/locations/${locationId}/stock/${place.sku}`, { available: 10 });
  });

  test('the other finds it', async () => {
    const { data } = await buyer.get(`/storefronts/${merchantId}/products`);
    expect(data).toMatchObject([{ title: 'Blue mug' }]);
  });

  test('and orders 2: they are taken from the stock', async () => {
    const order = await buyer.post('/orders', { merchantId, lines: [place] });
    orderId = String(order.id);
    expect(order).toMatchObject({ state: 'pending', total: { amount: 2_500, currency: 'EUR' } });
    expect(await stock()).toMatchObject({ available: 8 });
  });

  test('the confirmation comes through outbox, queue and worker', async () => {
    const mail = await mailTo('buyer@first-run.example', /order/i);
    expect(mail.text).toContain('Blue mug');
  });

  test('the order is cancelled, and the stock is back', async () => {
    expect(await buyer.post(`/orders/${orderId}/cancellation`)).toMatchObject({ state: 'cancelled' });
    expect(await stock()).toMatchObject({ available: 10 });
    await mailTo('buyer@first-run.example', /cancel/i);
  });
}

describe('a start that cannot be is one clear line', () => {
  const refused = async (args: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
    const run = await LauncherRun.start(args, environment);
    const code = await run.ended();
    await run.remove();
    return { code, output: run.output.trim() };
  };

  test('when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    expect(await refused(['--port', String(port)])).toEqual({
      code: 1,
      output: `✖ Port ${String(port)} is taken by another program: end that, or choose another port with --port N`,
    });
    other.close();
  });

  test('when HOST is not of this machine, whose port is free', async () => {
    // For documentation alone (RFC 5737): no machine has it.
    const { code, output } = await refused([], { HOST: '192.0.2.1' });
    expect({ code, output }).toEqual({ code: 1, output: '✖ HOST 192.0.2.1 is no address of this machine' });
  });

  test.each(['REDIS_URL', 'CACHE_REDIS_URL'])('when %s names a Redis that is away', async (variable) => {
    // Port 1 is nobody's.
    const { code, output } = await refused([], {
      REDIS_URL: '',
      CACHE_REDIS_URL: '',
      [variable]: 'redis://127.0.0.1:1',
    });
    expect(code).toBe(1);
    expect(output).toContain(`✖ The Redis at ${variable} cannot be reached: connect ECONNREFUSED 127.0.0.1:1`);
  });

  test('when the data directory cannot be written', async () => {
    const { code, output } = await refused(['--data', '/dev/null/data']);
    expect({ code, output }).toEqual({
      code: 1,
      output: '✖ /dev/null/data cannot be written (ENOTDIR): choose another directory with --data DIR',
    });
  });

  test('when there is no Redis and none may be installed', async () => {
    const { code, output } = await refused(['--no-install'], { PATH: '/nowhere' });
    expect(code).toBe(1);
    for (const command of ['apt-get install redis-server', 'brew install redis', 'docker run'])
      expect(output).toContain(command);
  });

  test('when the environment is wrong, with all its faults', async () => {
    const { code, output } = await refused([], { LOG_LEVEL: 'loud', MAX_POOL_SIZE: 'many' });
    expect(code).toBe(1);
    expect(output).toContain('LOG_LEVEL');
    expect(output).toContain('MAX_POOL_SIZE');
  });
});

test('a launcher that is hung up on more than once as its terminal closes ends everything in order', async () => {
  const run = await LauncherRun.start(['--no-seed', '--port', String(await freePort())]);
  await run.says(/✔ Database/, 90_000);
  const started = run.children();
  run.leaveUnread();
  expect(await run.signalUntilEnded('SIGHUP')).toBe(0);
  expect(run.running(started)).toEqual([]);
  await run.remove();
});

describe('started quietly, and again with nothing of before', () => {
  const account = { email: 'before@first-run.example', name: 'Before', password: 'correct horse battery' };
  let before: LauncherRun;
  let port: string;

  beforeAll(async () => {
    port = String(await freePort());
    before = await LauncherRun.start(['--quiet', '--no-seed', '--port', port]);
    await before.says(/Ready/, 90_000);
  });
  afterAll(() => before.remove());

  test('it says one line, where it is', async () => {
    expect(before.output.trim()).toBe(`Ready: http://127.0.0.1:${port}`);
    await new Caller(`http://127.0.0.1:${port}`).signUp(account.email, account.name, account.password);
  });

  test('Ctrl-C twice ends everything at once: no process and no port is left', async () => {
    const children = before.children();
    expect(await before.signalUntilEnded('SIGINT')).toBe(1);
    await eventually(() => before.running(children).length === 0);
    await eventually(() => isFree(Number(port), '127.0.0.1'));
  });

  test('with --fresh, what was there before is forgotten', async () => {
    const data = `${before.directory}/.data`;
    const fresh = await LauncherRun.start(['--quiet', '--no-seed', '--fresh', '--port', port, '--data', data]);
    await fresh.says(/Ready/, 90_000);
    const { email, password } = account;
    const answer = await new Caller(`http://127.0.0.1:${port}`).ask('POST', '/auth/sign-in', { email, password });
    await fresh.remove();
    expect(answer.status).toBe(401);
  });
});

async function startAgain({ directory }: LauncherRun): Promise<void> {
  const args = ['--quiet', '--port', new URL(url).port, '--data', `${directory}/.data`];
  const again = await LauncherRun.start(args, { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
  await again.says(/Ready/, 90_000);
  await again.remove();
  for (const name of ['api', 'workers']) {
    const log = await readFile(`${directory}/.data/logs/${name}.log`, 'utf8');
    expect(log.match(/src\/container\.ts.* was accepted/g)).not.toBeNull();
    expect(log.match(/ was rejected/g)).toBeNull();
  }
}

async function startWorker({ directory }: LauncherRun): Promise<void> {
  const file = `${directory}/.data/processes.env`;
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const environment = { ...parseEnv(await readFile(file, 'utf8')), LOG_LEVEL: 'info' };
  const worker = startChild('workers/main.ts', ['reports'], environment);
  await eventually(() => worker.log().includes('"message":"working"'));
  worker.kill('SIGTERM');
  expect((await worker.ended).code).toBe(0);
}

async function signInWithEachLogin(output: string, url: string): Promise<void> {
  const logins = Array.from(output.matchAll(/^ {2}\w+ +(\S+@demo\.example) +(\S+)$/gm));
  expect(logins).toHaveLength(6);
  for (const [, email, password] of logins) {
    const body = JSON.stringify({ email, password });
    const headers = { 'Content-Type': 'application/json' };
    const signedIn = await fetch(`${url}/api/auth/sign-in`, { method: 'POST', headers, body });
    expect({ email, status: signedIn.status }).toEqual({ email, status: 200 });
  }
}

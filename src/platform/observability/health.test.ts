import { afterEach, expect, test } from '@jest/globals';
import { Degraded, HealthRegistry, type HealthCheck } from './health.ts';

const registries: HealthRegistry[] = [];
afterEach(() => {
  for (const registry of registries.splice(0)) registry.stop();
});

function registry(...checks: readonly HealthCheck[]) {
  const changes: string[] = [];
  const health = new HealthRegistry((name, { status }) => changes.push(`${name} ${status}`));
  for (const check of checks) health.register(check);
  registries.push(health);
  return { health, changes };
}

/** A check of something that a test takes away and gives back. */
function dependency(name: string, critical: boolean) {
  const state = { up: true, looks: 0 };
  const check: HealthCheck = {
    name,
    critical,
    intervalMs: 5,
    timeoutMs: 50,
    check: () => {
      state.looks += 1;
      if (state.up) return Promise.resolve({ looks: state.looks });
      return Promise.reject(Object.assign(new Error('secret host 10.0.0.7'), { code: 'ECONNREFUSED' }));
    },
  };
  return { state, check };
}

async function until(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 2_500 && !holds(); round += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(holds()).toBe(true);
}

test('what works but needs a look makes the process degraded, not unready, even if it is critical', async () => {
  const check = () => Promise.reject(new Degraded('NO_WORKERS', { waiting: 3 }));
  const { health } = registry({ name: 'queue', critical: true, intervalMs: 60_000, timeoutMs: 50, check });
  await health.start();
  expect(health.isReady()).toBe(true);
  expect(health.report()).toMatchObject({
    status: 'degraded',
    checks: { queue: { status: 'degraded', cause: 'NO_WORKERS', details: { waiting: 3 } } },
  });
});

test('a process is ready after each check was good once', async () => {
  const database = dependency('database', true);
  const { health } = registry(database.check);
  expect(health.isReady()).toBe(false);
  await health.start();
  expect(health.isReady()).toBe(true);
  expect(health.report()).toMatchObject({
    status: 'healthy',
    checks: { database: { status: 'up', details: { looks: 1 } } },
  });
});

test('started while something is away, critical or not, it is not ready and says why, without the message', async () => {
  const redis = dependency('redis', false);
  redis.state.up = false;
  const { health } = registry(redis.check);
  await health.start();
  expect(health.isReady()).toBe(false);
  expect(health.report().checks).toEqual({ redis: { status: 'unknown', critical: false, cause: 'ECONNREFUSED' } });
  redis.state.up = true;
  await until(() => health.isReady());
});

test('something not critical that goes away leaves the process ready and degraded', async () => {
  const redis = dependency('redis', false);
  const { health, changes } = registry(redis.check);
  await health.start();
  redis.state.up = false;
  await until(() => health.report().status === 'degraded');
  expect(health.isReady()).toBe(true);
  redis.state.up = true;
  await until(() => health.report().status === 'healthy');
  expect(changes).toEqual(['redis up', 'redis down', 'redis up']);
});

test('something critical that goes away acts after two bad results', async () => {
  const database = dependency('database', true);
  const { health } = registry(database.check);
  await health.start();
  const before = database.state.looks;
  database.state.up = false;
  await until(() => !health.isReady());
  expect(database.state.looks - before).toBeGreaterThanOrEqual(2);
  expect(health.report().status).toBe('unhealthy');
});

test('a check that hangs counts as bad, and is told to end', async () => {
  let aborted = false;
  const { health } = registry({
    name: 'hung',
    critical: true,
    intervalMs: 1_000,
    timeoutMs: 10,
    check: (signal) =>
      new Promise(() => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
      }),
  });
  await health.start();
  expect(health.report().checks).toMatchObject({ hung: { status: 'unknown', cause: 'ETIMEDOUT' } });
  expect(aborted).toBe(true);
});

test('a process that drains is not ready although all is well', async () => {
  const { health } = registry(dependency('database', true).check);
  await health.start();
  health.drain();
  expect(health.isReady()).toBe(false);
});

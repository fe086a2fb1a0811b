import { expect } from '@jest/globals';
import { eventually } from '../environment/index.ts';
import { startPlatform, type TestPlatform } from '../platform.ts';
import { load, type Outcome } from './load.ts';
import { inRounds, type Measure } from './rounds.ts';
import { openShop } from './shop.ts';

const REQUESTS = 100;

inRounds('F8: SIGTERM with 100 requests and their jobs running', 120_000, async (measure) => {
  const platform = await startPlatform();
  try {
    await stopInTheMiddle(platform, measure);
  } finally {
    await platform.stop();
  }
});

async function stopInTheMiddle(platform: TestPlatform, measure: Measure): Promise<void> {
  const { buyer, ...shop } = await openShop(platform, 1, REQUESTS);
  const subjects = async () =>
    (await platform.mails()).map(({ subject }) => subject).filter((subject) => subject.startsWith('Your order'));

  // One after the other they get the same stock: most of them are still waiting when the first is answered.
  const running = Array.from({ length: REQUESTS }, () => buyer.ask('POST', '/orders', shop.line()));
  await Promise.race(running);
  const stoppedAt = performance.now();
  platform.api.kill('SIGTERM');
  const probes = load(50, () => fetch(`${platform.url}/health/ready`));
  let told: readonly Outcome[];
  try {
    await eventually(async () => (await subjects()).length > 0);
    platform.worker.kill('SIGTERM');
    const answers = await Promise.all(running);
    const bodies = await Promise.all(answers.map(async (answer) => (await answer.json()) as { state?: string }));
    const [api, worker] = [await platform.api.ended, await platform.worker.ended];
    measure('both ended after', (performance.now() - stoppedAt) / 1_000, 's', 25);
    expect({ api: api.code, worker: worker.code }).toEqual({ api: 0, worker: 0 });
    expect(worker.log).not.toContain('left behind');
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(REQUESTS);
    expect(bodies.filter(({ state }) => state === 'pending')).toHaveLength(REQUESTS);
  } finally {
    told = await probes.stop();
  }
  // It says that it is not ready while it still answers; only then does it refuse.
  expect(told.find(({ status }) => status !== 200)?.status).toBe(503);

  const [, another] = await platform.startAgain();
  await eventually(async () => (await subjects()).length >= REQUESTS);
  await eventually(async () => {
    const { queue } = (await platform.health()).checks;
    const { email } = (queue?.details ?? {}) as Partial<
      Record<string, Record<'active' | 'delayed' | 'waiting', number>>
    >;
    return email !== undefined && email.waiting + email.active + email.delayed === 0;
  });
  const sent = await subjects();
  expect([sent.length, new Set(sent).size]).toEqual([REQUESTS, REQUESTS]);
  expect(another.log()).not.toContain('left behind');
}

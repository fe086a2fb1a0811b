import { afterAll, beforeAll, expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { loadConfig } from '../../src/config/index.ts';
import { createContainer, type Container } from '../../src/container.ts';
import { Caller } from '../caller.ts';
import { eventually } from '../environment/index.ts';
import { signedIn } from '../people.ts';
import { startPlatform, type TestPlatform } from '../platform.ts';
import { outcomeOf, type Outcome } from './load.ts';
import { inRounds, quantile } from './rounds.ts';
import { openShop } from './shop.ts';

const BUYERS = 200;
const PIECES = 50;
const GIVE_UP_MS = 60_000;

let platform: TestPlatform;
let container: Container;
const urls: string[] = [];

beforeAll(async () => {
  platform = await startPlatform();
  container = createContainer(loadConfig({ MONGODB_URI: platform.database.uri, LOG_LEVEL: 'silent' }), 'test');
  await container.database().connect();
  urls.push(platform.url);
  while (urls.length < 4) urls.push(await platform.anotherApi());
}, 120_000);
afterAll(async () => {
  await container.close();
  await platform.stop();
});

inRounds('rush: 200 buyers, the last 50 pieces, one API process', 180_000, (measure) =>
  rush(urls.slice(0, 1), (took) => {
    measure('p99 of an order or a refusal', quantile(took, 0.99), 'ms', 3_000);
  }),
);

inRounds('rush over 4 processes: 200 buyers, the last 50 pieces', 180_000, (measure) =>
  rush(urls, (took) => {
    measure('p99 of an order or a refusal', quantile(took, 0.99), 'ms', 3_000);
  }),
);

async function rush(apis: readonly string[], note: (took: readonly number[]) => void): Promise<void> {
  const shop = await openShop(platform, 1, PIECES);
  const people = await signedIn(container.database().primary, container.tokens(), `${randomUUID()}.example`, BUYERS);
  const buyers = people.map(({ token }, index) => new Caller(apis[index % apis.length] ?? '', token));
  // Who is there already has a connection.
  await Promise.all(buyers.map((buyer) => eventually(async () => (await buyer.ask('GET', '/me')).ok)));
  const answers = await Promise.all(buyers.map((buyer) => buyPatiently(buyer, shop.line())));

  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  expect({ placed: count(201), refused: count(409) }).toEqual({ placed: PIECES, refused: BUYERS - PIECES });
  expect(await shop.stockLeft()).toBe(0);
  note(answers.map(({ tookMs }) => tookMs));
}

/** As clients do: on 503 the same again with the same key. */
async function buyPatiently(buyer: Caller, body: object): Promise<Outcome> {
  const [key, begun] = [randomUUID(), performance.now()];
  return eventually(async () => {
    const outcome = await outcomeOf(buyer.ask('POST', '/orders', body, key));
    return outcome.status === 503 ? undefined : { ...outcome, tookMs: performance.now() - begun };
  }, GIVE_UP_MS);
}

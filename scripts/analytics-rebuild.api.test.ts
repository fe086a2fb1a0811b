import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadConfig } from '../src/config/index.ts';
import { createContainer, type Container } from '../src/container.ts';
import { collections } from '../src/container/collections.ts';
import { rollups } from '../src/features/analytics/analytics.model.ts';
import { merchants } from '../src/features/merchants/merchant.model.ts';
import { asSystem } from '../src/platform/database/scoped.ts';
import { newId } from '../src/shared/ids.ts';
import { DAY_MS } from '../src/shared/time.ts';
import { startChild } from '../tests/child.ts';
import { variablesFor, withDatabase, withRedis } from '../tests/environment/index.ts';

const database = withDatabase({ collections });
const redis = withRedis();
const system = asSystem('test');

let container: Container;
beforeAll(async () => {
  container = createContainer(loadConfig(variablesFor(database, redis)), 'test');
  await container.database().connect();
});
afterAll(() => container.close());

const rebuild = (options: Readonly<Record<string, string>>, uri = database.uri) =>
  startChild(
    'scripts/analytics-rebuild.ts',
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    { MONGODB_URI: uri, DB_NAME: database.name },
  ).ended;

const dayAt = (moment: number): string => new Date(moment).toISOString().slice(0, 10);

test('rows of a store that were spoilt are told and put right, by its slug as by its id; older ones than its events stay', async () => {
  const merchantId = newId();
  await merchants.on(database.primary).create(
    [
      {
        _id: merchantId,
        slug: 'mugs',
        name: 'Mugs',
        currency: 'EUR',
        currencyIsFixed: false,
        timeZone: 'UTC',
        ownerCount: 1,
        version: 1,
        createdAt: new Date(),
      },
    ],
    system,
  );
  const at = Date.now() - 10 * DAY_MS;
  const view = { type: 'product.viewed', merchantId, subjectId: newId(), occurredAt: new Date(at) };
  await container.eventStore().append([{ id: newId(), ...view }]);
  await container.rollups().roll();
  const rows = rollups.on(database.primary);
  const ofDay = { merchantId, unit: 'day', slot: dayAt(at) } as const;
  const spoil = () => rows.updateMany(ofDay, { $set: { count: 7 } }, system);
  const counts = async () => (await rows.find(ofDay, { count: 1 }, system).lean()).map(({ count }) => count);
  const days = { from: dayAt(at), until: dayAt(at + DAY_MS) };

  for (const merchant of ['mugs', merchantId.toHexString()]) {
    await spoil();
    const log = `day ${days.from}: 7 product.viewed, and 1 events\n1 rows were wrong; all days are counted anew\n`;
    expect(await rebuild({ merchant, ...days })).toMatchObject({ code: 0, errors: '', log });
    expect(await counts()).toEqual([1, 1]);
  }
  await spoil();
  const [tooEarly, unknown, wrong, away] = await Promise.all([
    rebuild({ merchant: 'mugs', ...days, from: dayAt(Date.now() - 92 * DAY_MS) }),
    rebuild({ merchant: 'cups', ...days }),
    rebuild({ merchant: 'mugs', from: days.from, until: days.from }),
    rebuild({ merchant: 'mugs', ...days }, 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100'),
  ]);
  const told = (errors: string) => ({ code: 1, log: '', errors: expect.stringContaining(errors) });
  expect(tooEarly).toMatchObject(told('Events are kept for 90 days'));
  expect(unknown).toMatchObject(told("There is no store 'cups'\n"));
  expect(wrong).toMatchObject(told('Usage'));
  expect(away).toMatchObject(told('The database cannot be reached at mongodb://127.0.0.1:1/\n'));
  expect(await counts()).toEqual([7, 7]);
}, 120_000);

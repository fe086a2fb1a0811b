import { beforeEach, expect, test } from '@jest/globals';
import request from 'supertest';
import { POLICY, withTwoCaches } from '../../../tests/caches.ts';
import { feature, parts } from '../../../tests/mugs.ts';
import { createApp } from '../../app.ts';

const { now, stored } = withTwoCaches();

const kept = feature.endpoints.map((each) =>
  each.operationId === 'listMugs' ? { ...each, cache: () => POLICY } : each,
);

let apps: readonly ReturnType<typeof createApp>[];
beforeEach(() => {
  const { edge, ...others } = parts();
  const { here, there } = now();
  apps = [here, there].map(({ cache }) =>
    createApp([{ ...feature, endpoints: kept }], { ...others, edge: { ...edge, cache } }),
  );
});

test('Server-Timing tells the wait for the cache of a miss and of a hit in Redis; memory is waited for by nobody', async () => {
  const [here, there] = apps;
  const ask = async (app: typeof here) => {
    const answer = await request(app ?? '')
      .get('/api/mugs')
      .expect(200);
    return `${answer.get('x-cache') ?? ''} ${answer.get('server-timing') ?? ''}`;
  };
  expect(await ask(here)).toMatch(/^miss total;dur=[\d.]+, db;dur=0\.0;desc="0 queries", cache;dur=\d+\.\d$/);
  expect(await ask(here)).toMatch(/^hit-l1 total;dur=[\d.]+, db;dur=0\.0;desc="0 queries"$/);
  await stored('listMugs*');
  expect(await ask(there)).toMatch(/^hit-l2 .*, cache;dur=\d+\.\d$/);
});

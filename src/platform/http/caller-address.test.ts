import { expect, jest, test } from '@jest/globals';
import express, { type Request } from 'express';
import fc from 'fast-check';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import request from 'supertest';
import { z } from 'zod';
import { memoryCache } from '../../../tests/caches.ts';
import { expectProblem, parts } from '../../../tests/mugs.ts';
import { createApp } from '../../app.ts';
import { callerAddress } from './caller-address.ts';
import { endpoint } from './endpoint.ts';

const TRUSTED = [true, false, 0, 1, 2, 'loopback', '10.0.0.0/8', '10.0.0.1, ::1', 'loopback, uniquelocal, fe80::/10'];
const peer = fc.constantFrom(
  '127.0.0.1',
  '::1',
  '::ffff:127.0.0.1',
  '10.0.0.1',
  '10.9.9.9',
  '192.0.2.1',
  '2001:db8::1',
);
const named = fc.oneof(peer, fc.ipV4(), fc.ipV6(), fc.constantFrom('unknown', '_hidden', '10.0.0.1:4711', '', ' '));

test('the address in front of Express is what req.ip is behind it, whoever is trusted and whatever is sent', () => {
  const forwarded = fc.option(fc.array(named, { maxLength: 4 }), { nil: undefined });
  fc.assert(
    fc.property(fc.constantFrom(...TRUSTED), peer, forwarded, (trusted, remoteAddress, names) => {
      const app = express();
      app.set('trust proxy', trusted);
      const req = new IncomingMessage(Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress }));
      if (names !== undefined) req.headers['x-forwarded-for'] = names.join(', ');
      const inFront = callerAddress(app)(req);
      expect(inFront).toBe((Object.setPrototypeOf(req, app.request) as Request).ip);
    }),
  );
});

const shelf = endpoint({
  method: 'get',
  path: '/shelf',
  operationId: 'readShelf',
  summary: 'What is on the shelf',
  permission: { scope: 'public' },
  input: z.object({}),
  output: z.string(),
  status: 200,
  problems: [],
  queryBudget: 0,
  idempotent: false,
  cache: () => ({ freshSeconds: 60, staleSeconds: 0, tags: [] }),
  handle: () => Promise.resolve('mugs'),
});
const cache = memoryCache();

/** An app that lets each address ask three times, and how often Express had a request. */
function limitedApp(trustProxy: boolean | number | string) {
  const handled = jest.spyOn(express.application as unknown as { handle: () => void }, 'handle');
  const base = parts({ perAddress: 3 });
  const app = createApp([{ name: 'shelf', endpoints: [shelf] }], {
    ...base,
    edge: { ...base.edge, cache },
    http: { ...base.http, trustProxy },
  });
  const ask = (forwarded?: string) => {
    const asked = request(app).get('/api/shelf');
    return forwarded === undefined ? asked : asked.set('X-Forwarded-For', forwarded);
  };
  handled.mockClear();
  return { ask, handled };
}

test('behind a trusted proxy a kept answer comes in front of Express, counted for whom the proxy speaks', async () => {
  const { ask, handled } = limitedApp(1);
  await ask('192.0.2.1').expect(200);
  expect(handled).toHaveBeenCalledTimes(1);
  for (const left of [1, 0]) {
    const answer = await ask('192.0.2.1').expect(200);
    expect([answer.get('x-cache'), answer.get('ratelimit')]).toEqual([
      'hit-l1',
      expect.stringContaining(`r=${String(left)}`),
    ]);
  }
  await ask('192.0.2.2').expect(200);
  expect(handled).toHaveBeenCalledTimes(1);
  expectProblem(await ask('192.0.2.1'), 429, 'too-many-requests');
});

test.each([
  ['nobody is trusted', false, (number: number) => `192.0.2.${String(number)}`],
  ['the peer is no trusted proxy', '10.0.0.0/8', (number: number) => `192.0.2.${String(number)}`],
  ['the proxy appends to what a caller has sent', 1, (number: number) => `192.0.2.${String(number)}, 192.0.2.77`],
] as const)('names that a caller makes up give no limit of their own where %s', async (_case, trusted, forwarded) => {
  const { ask } = limitedApp(trusted);
  for (const number of [1, 2, 3]) await ask(forwarded(number)).expect(200);
  expectProblem(await ask(forwarded(4)), 429, 'too-many-requests');
});

test('a caller that no proxy speaks for is counted by the peer, also where a proxy is trusted', async () => {
  const { ask } = limitedApp(1);
  for (let number = 0; number < 3; number += 1) await ask().expect(200);
  expectProblem(await ask(), 429, 'too-many-requests');
  await ask('192.0.2.1').expect(200);
});

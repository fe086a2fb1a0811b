import { expect, test } from '@jest/globals';
import request from 'supertest';
import { z } from 'zod';
import { createApp } from '../../app.ts';
import { eventually } from '../../../tests/environment/index.ts';
import { parts } from '../../../tests/mugs.ts';
import { newId } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import { alreadyExists } from '../database/failures.ts';
import type { AuditedCall, Edge } from './edge.ts';
import { endpoint } from './endpoint.ts';
import { CallerRefused, unauthenticated } from './problems.ts';

const admin = newId();
const shared = { status: 200, problems: [alreadyExists], queryBudget: 0, idempotent: false } as const;
const system = { scope: 'system', role: 'admin' } as const;
const Path = z.object({ params: z.strictObject({ how: z.enum(['well', 'badly', 'refused']) }) });

const act = (how: string): Promise<string> => {
  if (how === 'refused') throw new Problem(alreadyExists, 'It is there');
  if (how === 'badly') throw new Error('driver message');
  return Promise.resolve(how);
};

const asAdmin: Edge['authorize'] = () =>
  Promise.resolve({
    actor: { kind: 'user', id: admin },
    scope: { kind: 'system', reason: 'endpoint for admin' },
  });

function appWith(audit: (call: AuditedCall) => Promise<void>, authorize: Edge['authorize'] = asAdmin) {
  const common = parts();
  const name = 'flags';
  const endpoints = [
    endpoint({
      ...shared,
      method: 'get',
      path: '/flags/:how',
      operationId: 'readFlag',
      summary: 'Read',
      permission: system,
      input: Path,
      output: z.string(),
      handle: ({ params }) => act(params.how),
    }),
    endpoint({
      ...shared,
      method: 'post',
      path: '/flags/:how',
      operationId: 'setFlag',
      summary: 'Set',
      permission: system,
      input: Path,
      output: z.string(),
      handle: ({ params }) => act(params.how),
    }),
    endpoint({
      ...shared,
      method: 'get',
      path: '/store/:how',
      operationId: 'readStore',
      summary: 'Read what is of a store',
      permission: { scope: 'merchant', role: 'staff', apiKey: 'flags:read' },
      input: Path,
      output: z.string(),
      handle: ({ params }) => act(params.how),
    }),
    endpoint({
      ...shared,
      method: 'get',
      path: '/open/:how',
      operationId: 'readOpen',
      summary: 'Read what is open',
      permission: { scope: 'public' },
      input: Path,
      output: z.string(),
      handle: ({ params }) => act(params.how),
    }),
  ];
  const edge = {
    ...common.edge,
    authorize,
    audit,
  };
  return createApp([{ name, endpoints }], { ...common, edge });
}

test.each([
  ['get', 'well', 200, 'done'],
  ['get', 'refused', 409, 'refused'],
  ['get', 'badly', 500, 'failed'],
  ['get', 'unknown', 422, 'refused'],
  ['post', 'well', 200, 'done'],
  ['post', 'refused', 409, 'refused'],
  ['post', 'badly', 500, 'failed'],
  ['post', 'unknown', 422, 'refused'],
] as const)(
  'a call of an operator, %s %s, is written down once, with its result',
  async (method, how, status, result) => {
    const calls: AuditedCall[] = [];
    const app = appWith((call) => {
      calls.push(call);
      return Promise.resolve();
    });
    await request(app)[method](`/api/flags/${how}`).expect(status);
    await eventually(() => calls.length > 0);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      operationId: method === 'get' ? 'readFlag' : 'setFlag',
      path: '/flags/:how',
      input: { params: { how } },
      context: { actor: { kind: 'user', id: admin } },
      result,
    });
  },
);

test('a change that cannot be written down is not said to be done; a read is answered all the same', async () => {
  const app = appWith(() => Promise.reject(new RangeError('away')));
  await request(app).post('/api/flags/well').expect(503);
  await request(app).get('/api/flags/well').expect(200);
});

test('what is open to everybody is not written down', async () => {
  const calls: AuditedCall[] = [];
  const app = appWith((call) => {
    calls.push(call);
    return Promise.resolve();
  });
  await request(app).get('/api/open/well').expect(200);
  await request(app).get('/api/flags/well').expect(200);
  await eventually(() => calls.length > 0);
  expect(calls.map(({ operationId }) => operationId)).toEqual(['readFlag']);
});

test('somebody known who is refused what is for operators is written down; a caller without a token is not', async () => {
  const calls: AuditedCall[] = [];
  const authorize: Edge['authorize'] = (authorization) =>
    Promise.reject(
      authorization === undefined
        ? new Problem(unauthenticated, 'Send a token')
        : new CallerRefused('Not with this role', { kind: 'user', id: admin }),
    );
  const app = appWith((call) => Promise.resolve(void calls.push(call)), authorize);
  await request(app).get('/api/flags/well').expect(401);
  await request(app).get('/api/flags/well').set('Authorization', 'Bearer good').expect(403);
  await eventually(() => calls.length > 0);
  expect(calls).toHaveLength(1);
  expect(calls[0]).toMatchObject({
    operationId: 'readFlag',
    context: { actor: { id: admin }, scope: { kind: 'system' } },
    result: 'refused',
  });
});

test('who goes on being refused fills no log: so many a minute are written down, and those of others as before', async () => {
  const calls: AuditedCall[] = [];
  const other = newId();
  const authorize: Edge['authorize'] = (authorization) => {
    const id = authorization === 'Bearer other' ? other : admin;
    return Promise.reject(new CallerRefused('Not with this role', { kind: 'user', id }));
  };
  const app = appWith((call) => Promise.resolve(void calls.push(call)), authorize);
  for (let number = 0; number < 30; number += 1) await request(app).get('/api/flags/well').expect(403);
  await request(app).get('/api/flags/well').set('Authorization', 'Bearer other').expect(403);
  await eventually(() => calls.some(({ context }) => context.actor.kind === 'user' && context.actor.id === other));
  expect(calls).toHaveLength(21);
});

test('a look of support into a store is written down in that store’s log, one of its own people is not', async () => {
  const calls: AuditedCall[] = [];
  const scope = { kind: 'merchant', merchantId: newId() } as const;
  for (const role of ['staff', 'support']) {
    const authorize = () => Promise.resolve({ actor: { kind: 'user', id: admin } as const, scope, role });
    const app = appWith((call) => Promise.resolve(void calls.push(call)), authorize);
    await request(app).get('/api/store/well').expect(200);
  }
  await eventually(() => calls.length > 0);
  expect(calls).toHaveLength(1);
  expect(calls[0]).toMatchObject({ operationId: 'readStore', context: { scope, role: 'support' }, result: 'done' });
});

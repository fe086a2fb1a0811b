import { expect, test } from '@jest/globals';
import request from 'supertest';
import { z } from 'zod';
import { createApp } from '../../app.ts';
import { eventually } from '../../../tests/environment/index.ts';
import { parts } from '../../../tests/mugs.ts';
import { newId } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import { alreadyExists } from '../database/failures.ts';
import type { AuditedCall } from './edge.ts';
import { endpoint } from './endpoint.ts';

const admin = newId();
const shared = { status: 200, problems: [alreadyExists], queryBudget: 0, idempotent: false } as const;
const system = { scope: 'system', role: 'admin' } as const;
const Path = z.object({ params: z.strictObject({ how: z.enum(['well', 'badly', 'refused']) }) });

const act = (how: string): Promise<string> => {
  if (how === 'refused') throw new Problem(alreadyExists, 'It is there');
  if (how === 'badly') throw new Error('driver message');
  return Promise.resolve(how);
};

function appWith(audit: (call: AuditedCall) => Promise<void>) {
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
    authorize: () =>
      Promise.resolve({
        actor: { kind: 'user', id: admin } as const,
        scope: { kind: 'system', reason: 'endpoint for admin' } as const,
      }),
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

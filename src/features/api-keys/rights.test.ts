import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { endpoint, type Permission } from '../../platform/http/endpoint.ts';
import { beyond, rightsOf } from './rights.ts';

const declared = (permission: Permission) =>
  endpoint({
    method: 'get',
    path: '/x',
    operationId: 'x',
    summary: 'x',
    permission,
    input: z.object({}),
    output: z.void(),
    status: 204,
    problems: [],
    queryBudget: 0,
    idempotent: false,
    handle: () => Promise.resolve(),
  });

const rights = rightsOf(
  [
    { scope: 'merchant', role: 'manager', apiKey: 'store:write' } as const,
    { scope: 'merchant', role: 'owner', apiKey: 'store:write' } as const,
    { scope: 'merchant', role: 'manager', apiKey: 'store:write' } as const,
    { scope: 'merchant', role: 'staff', apiKey: 'orders:read' } as const,
    { scope: 'merchant', role: 'owner', apiKey: null } as const,
    { scope: 'user' } as const,
    { scope: 'public' } as const,
    { scope: 'system', role: 'admin' } as const,
  ].map(declared),
);

test('the rights are those that endpoints declare, each with the highest role that it stands for', () => {
  expect([...rights]).toEqual([
    ['orders:read', 'staff'],
    ['store:write', 'owner'],
  ]);
});

test('nobody can give what their own role does not allow, nor what is no right', () => {
  expect(beyond('owner', ['orders:read', 'store:write'], rights)).toEqual([]);
  expect(beyond('manager', ['orders:read', 'store:write'], rights)).toEqual(['store:write']);
  expect(beyond('owner', ['keys:write'], rights)).toEqual(['keys:write']);
  expect(beyond(undefined, ['orders:read'], rights)).toEqual(['orders:read']);
});

import { z } from 'zod';
import { endpoint, type Endpoint, type EndpointLimit } from '../../platform/http/endpoint.ts';
import { invalidCredentials, refreshRefused, signInLocked } from './identity.problems.ts';
import { Refresh, SignIn, Tokens } from './identity.schema.ts';
import type { SessionService } from './session.service.ts';

/** Each address may try many accounts; one account is guarded by its lock. */
const limits: readonly EndpointLimit[] = [{ quota: 60, windowSeconds: 60, per: 'address', exact: true }];

const open = { method: 'post', permission: { scope: 'public' }, idempotent: false, limits } as const;

export const sessionEndpoints = (sessions: SessionService): readonly Endpoint[] => [
  endpoint({
    ...open,
    path: '/auth/sign-in',
    operationId: 'signIn',
    summary: 'Sign in with address and password',
    input: z.object({ body: SignIn }),
    output: Tokens,
    status: 200,
    problems: [invalidCredentials, signInLocked],
    queryBudget: 5,
    handle: ({ body }) => sessions.signIn(body),
  }),

  endpoint({
    ...open,
    path: '/auth/refresh',
    operationId: 'refreshTokens',
    summary: 'Trade a refresh token for new tokens; each can be traded once',
    input: z.object({ body: Refresh }),
    output: Tokens,
    status: 200,
    problems: [refreshRefused],
    queryBudget: 2,
    handle: ({ body }) => sessions.refresh(body.refreshToken),
  }),

  endpoint({
    ...open,
    path: '/auth/sign-out',
    operationId: 'signOut',
    summary: 'End the session of a refresh token',
    input: z.object({ body: Refresh }),
    output: z.void(),
    status: 204,
    problems: [],
    queryBudget: 1,
    handle: ({ body }) => sessions.signOut(body.refreshToken),
  }),

  endpoint({
    method: 'post',
    path: '/auth/sign-out-everywhere',
    operationId: 'signOutEverywhere',
    summary: 'End every session of the caller',
    permission: { scope: 'user' },
    input: z.object({}),
    output: z.void(),
    status: 204,
    problems: [],
    queryBudget: 1,
    idempotent: false,
    handle: (_input, context) => sessions.signOutEverywhere(context),
  }),
];

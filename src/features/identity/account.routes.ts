import { z } from 'zod';
import { tooContended } from '../../platform/database/failures.ts';
import { endpoint, type Endpoint, type EndpointLimit } from '../../platform/http/endpoint.ts';
import type { AccountService } from './account.service.ts';
import { linkNotValid } from './identity.problems.ts';
import { Accepted, ForgotPassword, ResetPassword, SignUp, UserView, VerifyEmail } from './identity.schema.ts';

/** Each of these can make a mail go out to somebody who did not ask for it. */
const limits: readonly EndpointLimit[] = [{ quota: 20, windowSeconds: 60, per: 'address', exact: true }];

const ask = {
  method: 'post',
  output: Accepted,
  status: 202,
  problems: [tooContended],
  queryBudget: 3,
  idempotent: false,
  limits,
} as const;

const redeem = {
  method: 'post',
  output: z.void(),
  status: 204,
  problems: [linkNotValid, tooContended],
  idempotent: false,
  limits,
} as const;

export const accountEndpoints = (accounts: AccountService): readonly Endpoint[] => [
  endpoint({
    ...ask,
    path: '/auth/sign-up',
    operationId: 'signUp',
    summary: 'Make an account; the answer is the same for an address that has one',
    permission: { scope: 'public' },
    input: z.object({ body: SignUp }),
    handle: ({ body }, context) => accounts.signUp(context, body),
  }),

  endpoint({
    ...ask,
    path: '/auth/forgot-password',
    operationId: 'forgotPassword',
    summary: 'Ask for a mail to set a new password; the answer is the same for an address without an account',
    permission: { scope: 'public' },
    input: z.object({ body: ForgotPassword }),
    handle: ({ body }, context) => accounts.forgotPassword(context, body.email),
  }),

  endpoint({
    ...ask,
    path: '/auth/resend-verification',
    operationId: 'resendVerification',
    summary: 'Ask for another mail to verify the own address',
    permission: { scope: 'user' },
    input: z.object({}),
    handle: (_input, context) => accounts.resendVerification(context),
  }),

  endpoint({
    ...redeem,
    path: '/auth/verify-email',
    operationId: 'verifyEmail',
    summary: 'Verify an address with the token of a mail',
    permission: { scope: 'public' },
    input: z.object({ body: VerifyEmail }),
    queryBudget: 2,
    handle: ({ body }, context) => accounts.verifyEmail(context, body.token),
  }),

  endpoint({
    ...redeem,
    path: '/auth/reset-password',
    operationId: 'resetPassword',
    summary: 'Set a new password with the token of a mail; ends every session',
    permission: { scope: 'public' },
    input: z.object({ body: ResetPassword }),
    queryBudget: 5,
    handle: ({ body }, context) => accounts.resetPassword(context, body),
  }),

  readMe(accounts),
];

const readMe = (accounts: AccountService): Endpoint =>
  endpoint({
    method: 'get',
    path: '/me',
    operationId: 'getMe',
    summary: 'Read the own account',
    permission: { scope: 'user' },
    input: z.object({}),
    output: UserView,
    status: 200,
    problems: [],
    queryBudget: 1,
    idempotent: false,
    handle: (_input, context) => accounts.me(context),
  });

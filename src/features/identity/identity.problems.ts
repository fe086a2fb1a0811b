import type { ProblemKind } from '../../shared/problem.ts';

export const invalidCredentials: ProblemKind = {
  code: 'invalid-credentials',
  status: 401,
  title: 'Address or password is wrong',
};
export const refreshRefused: ProblemKind = { code: 'refresh-refused', status: 401, title: 'Sign in again' };
export const linkNotValid: ProblemKind = { code: 'link-not-valid', status: 422, title: 'Link does not work any more' };
export const signInLocked: ProblemKind = { code: 'sign-in-locked', status: 429, title: 'Too many wrong passwords' };

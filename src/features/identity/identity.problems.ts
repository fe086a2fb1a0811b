import type { ProblemKind } from '../../shared/problem.ts';

export const invalidCredentials: ProblemKind = {
  code: 'invalid-credentials',
  status: 401,
  title: 'Address or password is wrong',
};
export const refreshRefused: ProblemKind = { code: 'refresh-refused', status: 401, title: 'Sign in again' };
export const linkNotValid: ProblemKind = { code: 'link-not-valid', status: 422, title: 'Link does not work any more' };
export const codeNotValid: ProblemKind = { code: 'code-not-valid', status: 422, title: 'Code does not work' };
export const emailNotVerified: ProblemKind = {
  code: 'email-not-verified',
  status: 409,
  title: 'The mail address is not confirmed yet',
};
export const phoneNotProven: ProblemKind = {
  code: 'phone-not-proven',
  status: 409,
  title: 'There is no proven phone number',
};
export const signInLocked: ProblemKind = { code: 'sign-in-locked', status: 429, title: 'Too many wrong passwords' };

import type { ProblemKind } from '../../shared/problem.ts';

export const phoneNotValid: ProblemKind = {
  code: 'phone-not-valid',
  status: 422,
  title: 'No such phone number can exist',
};

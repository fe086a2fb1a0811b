import type { ProblemKind } from '../../shared/problem.ts';

export const merchantNotFound: ProblemKind = { code: 'merchant-not-found', status: 404, title: 'Store not found' };
export const memberNotFound: ProblemKind = { code: 'member-not-found', status: 404, title: 'Nobody of this store' };
export const invitationNotFound: ProblemKind = {
  code: 'invitation-not-found',
  status: 404,
  title: 'Invitation not found',
};
export const slugTaken: ProblemKind = { code: 'slug-taken', status: 409, title: 'Another store has this slug' };
export const currencyFixed: ProblemKind = {
  code: 'currency-fixed',
  status: 409,
  title: 'The currency of a store with products stays',
};
export const alreadyMember: ProblemKind = {
  code: 'already-member',
  status: 409,
  title: 'Belongs to this store already',
};
export const lastOwner: ProblemKind = { code: 'last-owner', status: 409, title: 'A store needs an owner' };

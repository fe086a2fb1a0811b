import { invitations } from './invitation.model.ts';
import { memberships } from './membership.model.ts';
import { merchants } from './merchant.model.ts';

/** All that the feature keeps, for migration and for the tests that walk the models. */
export const merchantCollections = [merchants, memberships, invitations] as const;

export type { KeyLookup, Membership, MembershipLookup, VerifiedKey } from './authorizer.ts';
export { identitySubscriptions } from './identity.events.ts';
export { linkNotValid } from './identity.problems.ts';
export { includesRole, isMerchantRole, MERCHANT_ROLES } from './roles.ts';
export type { MerchantRole } from './roles.ts';
export type { UserCard, UserReads } from './user.reads.ts';

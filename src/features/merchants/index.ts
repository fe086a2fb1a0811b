export { merchantSubscriptions, profileTag } from './merchant.events.ts';
export type { MemberInvited, MembersChanged, MerchantChanged } from './merchant.events.ts';
export type { MerchantReads, StoreFacts } from './merchant.reads.ts';

import { section, type Section } from '../../platform/http/section.ts';
import type { MemberService } from './member.service.ts';
import { membersTag, storeTag } from './merchant.events.ts';
import { MemberPage, OwnStorePage, StoreView } from './merchant.schema.ts';
import type { MerchantService } from './merchant.service.ts';

const SHOWN = 10;
const timeoutMs = 1_000;

/** The stores of a user, and for a store itself and, to those who manage it, its people. */
export const merchantSections = (
  merchants: Pick<MerchantService, 'get' | 'listOwn'>,
  members: Pick<MemberService, 'list'>,
): readonly Section[] => [
  section({
    screen: 'bootstrap',
    name: 'stores',
    output: OwnStorePage,
    timeoutMs,
    queryBudget: 2,
    load: (context) => merchants.listOwn(context, { limit: SHOWN }),
  }),
  section({
    screen: 'dashboard',
    name: 'store',
    output: StoreView,
    timeoutMs,
    queryBudget: 1,
    cache: ({ merchantId }) => ({ freshSeconds: 30, staleSeconds: 120, tags: [storeTag(merchantId)] }),
    load: (context) => merchants.get(context),
  }),
  section({
    screen: 'dashboard',
    name: 'members',
    role: 'manager',
    output: MemberPage,
    timeoutMs,
    queryBudget: 2,
    // Names and addresses of accounts never change: who lets them must end this, too.
    cache: ({ merchantId }) => ({ freshSeconds: 30, staleSeconds: 120, tags: [membersTag(merchantId)] }),
    load: (context) => members.list(context, { limit: SHOWN }),
  }),
];

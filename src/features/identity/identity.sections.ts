import { section, type Section } from '../../platform/http/section.ts';
import type { AccountService } from './account.service.ts';
import { UserView } from './identity.schema.ts';

export const identitySections = (accounts: Pick<AccountService, 'me'>): readonly Section[] => [
  section({
    screen: 'bootstrap',
    name: 'account',
    output: UserView,
    timeoutMs: 1_000,
    queryBudget: 1,
    load: (context) => accounts.me(context),
  }),
];

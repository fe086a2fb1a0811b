import type { Feature } from '../../platform/http/endpoint.ts';
import { invitationEndpoints } from './invitation.routes.ts';
import type { InvitationService } from './invitation.service.ts';
import { memberEndpoints } from './member.routes.ts';
import type { MemberService } from './member.service.ts';
import { ownStoreEndpoints, storeEndpoints } from './merchant.routes.ts';
import { merchantSections } from './merchant.sections.ts';
import type { MerchantService } from './merchant.service.ts';

export { stockAlertCallback } from './stock-alert.pages.ts';

export const merchantsFeature = (services: {
  readonly merchants: MerchantService;
  readonly members: MemberService;
  readonly invitations: InvitationService;
}): Feature => ({
  name: 'merchants',
  endpoints: [
    ...storeEndpoints(services.merchants),
    ...ownStoreEndpoints(services.merchants),
    ...memberEndpoints(services.members),
    ...invitationEndpoints(services.invitations),
  ],
  sections: merchantSections(services.merchants, services.members),
});

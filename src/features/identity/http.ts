import type { Feature } from '../../platform/http/endpoint.ts';
import { accountEndpoints } from './account.routes.ts';
import type { AccountService } from './account.service.ts';
import { identitySections } from './identity.sections.ts';
import { phoneEndpoints } from './phone.routes.ts';
import type { PhoneService } from './phone.service.ts';
import { sessionEndpoints } from './session.routes.ts';
import type { SessionService } from './session.service.ts';

export const identityFeature = (services: {
  readonly accounts: AccountService;
  readonly phones: PhoneService;
  readonly sessions: SessionService;
}): Feature => ({
  name: 'identity',
  endpoints: [
    ...accountEndpoints(services.accounts),
    ...phoneEndpoints(services.phones),
    ...sessionEndpoints(services.sessions),
  ],
  sections: identitySections(services.accounts),
});

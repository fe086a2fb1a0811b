import type { Feature } from '../../platform/http/endpoint.ts';
import { accountEndpoints } from './account.routes.ts';
import type { AccountService } from './account.service.ts';
import { identitySections } from './identity.sections.ts';
import { sessionEndpoints } from './session.routes.ts';
import type { SessionService } from './session.service.ts';

export const identityFeature = (services: {
  readonly accounts: AccountService;
  readonly sessions: SessionService;
}): Feature => ({
  name: 'identity',
  endpoints: [...accountEndpoints(services.accounts), ...sessionEndpoints(services.sessions)],
  sections: identitySections(services.accounts),
});

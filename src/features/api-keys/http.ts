import type { Feature } from '../../platform/http/endpoint.ts';
import { apiKeyEndpoints } from './api-key.routes.ts';
import type { ApiKeyService } from './api-key.service.ts';
import { rightsOf } from './rights.ts';

/** @param others all other features: what their endpoints declare are the rights that a key can be given */
export const apiKeysFeature = (keys: ApiKeyService, others: readonly Feature[]): Feature => ({
  name: 'API keys',
  endpoints: apiKeyEndpoints(keys, rightsOf(others.flatMap(({ endpoints }) => endpoints))),
});

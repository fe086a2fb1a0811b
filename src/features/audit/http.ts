import type { Feature } from '../../platform/http/endpoint.ts';
import { auditEndpoints, type AuditEndpointParts } from './audit.routes.ts';

export const auditFeature = (parts: AuditEndpointParts): Feature => ({
  name: 'audit',
  endpoints: auditEndpoints(parts),
});

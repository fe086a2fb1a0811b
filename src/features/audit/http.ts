import type { Feature } from '../../platform/http/endpoint.ts';
import type { AuditReads } from './audit.reads.ts';
import { auditEndpoints } from './audit.routes.ts';

export const auditFeature = (reads: Pick<AuditReads, 'findPage'>): Feature => ({
  name: 'audit',
  endpoints: auditEndpoints(reads),
});

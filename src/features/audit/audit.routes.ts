import { z } from 'zod';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import type { AuditReads } from './audit.reads.ts';
import { AllAuditQuery, AuditPage, AuditQuery } from './audit.schema.ts';

export const auditEndpoints = (reads: Pick<AuditReads, 'findPage'>): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/merchant/audit',
    operationId: 'listAudit',
    summary: 'Who changed what in the store, newest first',
    permission: { scope: 'merchant', role: 'manager', apiKey: 'audit:read' },
    input: z.object({ query: AuditQuery }),
    output: AuditPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 1,
    idempotent: false,
    handle: ({ query }, { scope }) => reads.findPage(scope.merchantId, query, { scope }),
  }),
  endpoint({
    method: 'get',
    path: '/admin/audit',
    operationId: 'listAllAudit',
    summary: 'Who did what on the platform, or in a store, newest first',
    permission: { scope: 'system', role: 'support' },
    input: z.object({ query: AllAuditQuery }),
    output: AuditPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 1,
    idempotent: false,
    handle: ({ query: { merchantId = null, ...query } }, { scope }) => reads.findPage(merchantId, query, { scope }),
  }),
];

import { z } from 'zod';
import { tooContended } from '../../platform/database/failures.ts';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { Streamed } from '../../platform/http/streamed-answer.ts';
import type { Outlets } from '../../platform/queue/outlets.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import { Id } from '../../shared/ids.ts';
import type { AuditExports } from './audit.exports.ts';
import type { AuditReads } from './audit.reads.ts';
import { AllAuditExportQuery, AllAuditQuery, AuditExportQuery, AuditPage, AuditQuery } from './audit.schema.ts';

export interface AuditEndpointParts {
  readonly reads: Pick<AuditReads, 'findPage'>;
  readonly exports: Pick<AuditExports, 'stream'>;
  /** Notes that a store's log was exported; what operators call is noted anyway. */
  readonly record: Outlets['audit'];
}

export const auditEndpoints = ({ reads, ...parts }: AuditEndpointParts): readonly Endpoint[] => [
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
  ...exportEndpoints(parts),
];

const exported = {
  method: 'get',
  output: Streamed,
  streams: ['application/x-ndjson', 'text/csv'],
  status: 200,
  idempotent: false,
  // Each may read a whole log.
  limits: [{ quota: 10, windowSeconds: 3_600, per: 'tenant', exact: true }],
} as const;

const exportEndpoints = ({ exports, record }: Omit<AuditEndpointParts, 'reads'>): readonly Endpoint[] => [
  endpoint({
    ...exported,
    path: '/merchant/audit/export',
    operationId: 'exportAudit',
    summary: "The store's log as a file, in the order of its chain, to be kept and verified elsewhere",
    permission: { scope: 'merchant', role: 'owner', apiKey: 'audit-exports:read' },
    input: z.object({ query: AuditExportQuery }),
    problems: [tooContended],
    queryBudget: 2,
    async handle({ query }, context) {
      const { actor, scope, address, requestId } = context;
      const target = { kind: 'merchant', id: Id.encode(scope.merchantId) };
      await record({
        action: 'audit.exported',
        actor,
        scope,
        address,
        requestId,
        target,
        after: query,
        result: 'done',
      });
      return exports.stream(scope.merchantId, query, { scope });
    },
  }),
  endpoint({
    ...exported,
    path: '/admin/audit/export',
    operationId: 'exportAllAudit',
    summary: "The platform's log, or a store's, as a file",
    permission: { scope: 'system', role: 'support' },
    input: z.object({ query: AllAuditExportQuery }),
    problems: [],
    queryBudget: 0,
    handle: ({ query: { merchantId = null, ...query } }, { scope }) =>
      Promise.resolve(exports.stream(merchantId, query, { scope })),
  }),
];

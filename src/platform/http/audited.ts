import type { Request, Response } from 'express';
import { Problem } from '../../shared/problem.ts';
import type { RequestContext } from '../../shared/scope.ts';
import type { Limiter } from '../limits/limit.ts';
import type { Trace } from '../observability/trace.ts';
import type { AuditedCall, Edge } from './edge.ts';
import type { Endpoint, Permission } from './endpoint.ts';
import { actorKey } from './limits.ts';
import { CallerRefused } from './problems.ts';

/** Every call of the platform's own people is written down; those of merchants and users are, where they change something. */
const isForOperators = ({ permission }: Endpoint): boolean => permission.scope === 'system';

/** The platform's own people. A role that an endpoint asks of them and that is missing here does not compile. */
const OPERATOR_ROLES: Readonly<Record<Extract<Permission, { scope: 'system' }>['role'], true>> = {
  admin: true,
  support: true,
};

/** Also where they look into a store: into the log of that store, so that it can see who did. */
const isAudited = (endpoint: Endpoint, { role = '' }: RequestContext): boolean =>
  isForOperators(endpoint) || Object.hasOwn(OPERATOR_ROLES, role);

/** The entry and its event. */
const AUDIT_QUERIES = 2;

type Result = AuditedCall['result'];

/** Calls whose entry has been written before they were answered. */
const written = new WeakSet<RequestContext>();

/** The endpoint, so that what changes something is not answered before it is written down. */
export function auditedEndpoint(endpoint: Endpoint, { audit }: Edge): Endpoint {
  if (audit === undefined || !isForOperators(endpoint) || endpoint.method === 'get') return endpoint;
  const { operationId, path } = endpoint;
  return {
    ...endpoint,
    queryBudget: endpoint.queryBudget + AUDIT_QUERIES,
    async handle(input, context) {
      const note = async (result: Result): Promise<void> => {
        written.add(context);
        await audit({ operationId, path, context, input, result });
      };
      let answer: unknown;
      try {
        answer = await endpoint.handle(input, context);
      } catch (error) {
        await note(error instanceof Problem && error.kind.status < 500 ? 'refused' : 'failed');
        throw error;
      }
      await note('done');
      return answer;
    },
  };
}

/** Has a call written down once it is answered, whatever by: the handler, a kept answer, a refusal before both. */
export function auditAnswer(
  endpoint: Endpoint,
  edge: Edge,
  req: Request,
  res: Response,
  context: RequestContext,
): void {
  if (edge.audit === undefined || !isAudited(endpoint, context)) return;
  const { operationId, path } = endpoint;
  const input = { params: req.params, query: req.query };
  res.once('close', () => {
    if (written.has(context)) return;
    // The caller has its answer, and whoever writes down tells the log of what fails.
    edge.audit?.({ operationId, path, context, input, result: resultOf(res.statusCode) }).catch(() => undefined);
  });
}

/** So many tell of one who goes on: to sign up costs nothing, and entries are kept for years. */
const REFUSALS = { name: 'audited-refusals', quota: 20, windowSeconds: 60 };

/** Has a refusal written down where the endpoint is for operators. */
export async function auditRefusal(
  endpoint: Endpoint,
  { audit, limits: { limiter } }: Edge,
  req: Request,
  trace: Trace,
  error: unknown,
): Promise<void> {
  if (audit === undefined || !isForOperators(endpoint)) return;
  const { operationId, path } = endpoint;
  const input = { params: req.params, query: req.query };
  const from = { address: req.ip ?? '', requestId: trace.requestId };
  await noteRefusal({ audit, limiter }, error, { operationId, path, input, from });
}

/** Where calls are written down, and what counts those that are not written down each time. */
export interface AuditTrail {
  readonly audit: (call: AuditedCall) => Promise<void>;
  readonly limiter: Limiter;
}

interface RefusedCall extends Pick<AuditedCall, 'input' | 'operationId' | 'path'> {
  readonly from: Pick<RequestContext, 'address' | 'requestId'>;
}

/**
 * Writes down that somebody known was refused what is for operators, the first times in a minute. Who brings no good token is in
 * the access log only: anybody could fill this one.
 */
export async function noteRefusal(
  { audit, limiter }: AuditTrail,
  error: unknown,
  { from, ...call }: RefusedCall,
): Promise<void> {
  if (!(error instanceof CallerRefused)) return;
  const scope = { kind: 'system', reason: 'a call that was refused' } as const;
  const context = { actor: error.actor, scope, ...from };
  if (!(await limiter.take(REFUSALS, actorKey(context))).allowed) return;
  await audit({ ...call, context, result: 'refused' });
}

/** What came of a call, by the status of its answer. */
export function resultOf(status: number): Result {
  if (status < 400) return 'done';
  return status < 500 ? 'refused' : 'failed';
}

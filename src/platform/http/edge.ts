import type { Identity, RequestContext } from '../../shared/scope.ts';
import type { Cache } from '../cache/cache.ts';
import type { Permission, Seen } from './endpoint.ts';
import type { RequestLimits } from './limits.ts';

/** A handler's answer, or the one kept from when the same was asked before. */
export interface Answer {
  readonly result: unknown;
  readonly replayed: boolean;
}

/** What somebody who works for the platform called for. */
export interface AuditedCall {
  readonly operationId: string;
  readonly path: string;
  readonly context: Pick<RequestContext, 'actor' | 'address' | 'requestId' | 'scope'>;
  /** What was asked for. */
  readonly input: object;
  readonly result: 'done' | 'failed' | 'refused';
}

/** What stands between the network and every handler. */
export interface Edge {
  /**
   * Finds the identity from the token and a membership looked up. Throws the 401 or 403 itself.
   * @param merchant what the caller names as its store, unchecked
   */
  authorize(authorization: string | undefined, permission: Permission, merchant?: string): Promise<Identity>;
  /** Runs `work` once per tenant, actor, route and key; afterwards replays the answer kept in its transaction. */
  once(context: RequestContext, operationId: string, input: unknown, work: () => Promise<unknown>): Promise<Answer>;
  /** Writes down a call of somebody who works for the platform, and logs if it cannot. Nothing is written down without it. */
  readonly audit?: (call: AuditedCall) => Promise<void>;
  /** Counts what was looked at. Must neither throw nor wait. */
  readonly track?: (seen: Seen) => void;
  readonly cache: Cache;
  readonly limits: RequestLimits;
  /**
   * Whether each answer is parsed by its schema, each query budget enforced and each problem declared: true in tests only. Presenters
   * whitelist what is shown, so that in production it would only cost.
   */
  readonly strict: boolean;
}

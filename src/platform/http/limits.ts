import type { RequestHandler, Response } from 'express';
import { Problem } from '../../shared/problem.ts';
import type { RequestContext } from '../../shared/scope.ts';
import type { Limiter, LimitRule, Standing } from '../limits/limit.ts';
import { networkOf } from '../limits/network.ts';
import type { AddressOf } from './caller-address.ts';
import type { Endpoint } from './endpoint.ts';
import { exchangeOf } from './exchange.ts';
import { tooManyRequests } from './problems.ts';

/** The limits that hold for every endpoint, in requests a minute. */
export interface RequestLimits {
  readonly limiter: Limiter;
  readonly perAddress: number;
  readonly perTenant: number;
  readonly perUser: number;
  readonly perKey: number;
}

const WINDOW_SECONDS = 60;

/** Counts requests of one network address, before anything is asked of database or Redis. */
export function limitAddress({ limiter, perAddress }: RequestLimits, addressOf: AddressOf): RequestHandler {
  const rule = { name: 'address', quota: perAddress, windowSeconds: WINDOW_SECONDS };
  return (req, res, next) => {
    const standing = limiter.take(rule, networkOf(addressOf(req)));
    if (!(standing instanceof Promise)) {
      enforce(res, standing);
      next();
      return;
    }
    return standing.then((known) => {
      enforce(res, known);
      next();
    });
  };
}

/**
 * Counts a request against the limits of its user or key, its tenant, and its endpoint: in turn, and not beyond the first that
 * refuses it. What one caller's own limit refuses must not use up what others share with it.
 */
export async function limitCaller(
  res: Response,
  endpoint: Endpoint,
  context: RequestContext,
  limits: RequestLimits,
): Promise<void> {
  const counted = [...actorRule(context, limits), ...tenantRule(context, limits), ...endpointRules(endpoint, context)];
  for (const [rule, key] of counted) {
    const standing = limits.limiter.take(rule, key);
    enforce(res, standing instanceof Promise ? await standing : standing);
  }
}

type Counted = readonly [rule: LimitRule, key: string];

function tenantRule({ scope }: RequestContext, { perTenant }: RequestLimits): Counted[] {
  if (scope.kind !== 'merchant') return [];
  return [[{ name: 'tenant', quota: perTenant, windowSeconds: WINDOW_SECONDS }, scope.merchantId.toHexString()]];
}

function actorRule({ actor }: RequestContext, { perUser, perKey }: RequestLimits): Counted[] {
  if (actor.kind === 'anonymous') return [];
  const [name, quota] = actor.kind === 'user' ? (['user', perUser] as const) : (['key', perKey] as const);
  return [[{ name, quota, windowSeconds: WINDOW_SECONDS }, actor.id.toHexString()]];
}

/** One of several is named after whom it counts as well: names are what counters are told apart by. */
function endpointRules({ operationId, limits = [] }: Endpoint, context: RequestContext): Counted[] {
  return limits.map(({ per, ...rule }) => {
    const key = { actor: actorKey, address: addressKey, tenant: tenantKey }[per](context);
    return [{ ...rule, name: limits.length === 1 ? operationId : `${operationId}.${per}` }, key];
  });
}

const addressKey = ({ address }: Pick<RequestContext, 'address'>): string => networkOf(address);

/** Whom a limit counts: a user or key, or the network of whoever is nobody. */
export const actorKey = (context: Pick<RequestContext, 'actor' | 'address'>): string =>
  context.actor.kind === 'anonymous' ? addressKey(context) : context.actor.id.toHexString();
const tenantKey = (context: RequestContext): string =>
  context.scope.kind === 'merchant' ? context.scope.merchantId.toHexString() : actorKey(context);

function enforce(res: Response, standing: Standing): void {
  exchangeOf(res).limits.push(standing);
  if (standing.allowed) return;
  const { rule, resetSeconds } = standing;
  throw new Problem(tooManyRequests, `The limit of the ${rule.name} is used up`, { retryAfterSeconds: resetSeconds });
}

import type { Request, RequestHandler, Response } from 'express';
import { Problem } from '../../shared/problem.ts';
import type { Actor } from '../../shared/scope.ts';
import type { Passes } from '../security/passes.ts';
import type { AuditedCall } from './edge.ts';
import { traceOf } from './exchange.ts';
import { opensQueueBoard, OPS_PATH, QUEUE_BOARD_PATH } from './queue-board-link.ts';
import { forbidden, unauthenticated } from './problems.ts';

const COOKIE = 'cookie of the queue board';
const COOKIE_NAME = 'queue_board';
const COOKIE_SECONDS = 3_600;
/** Whom a link let in. */
const DEVELOPER: Actor = { kind: 'anonymous' };

export interface OpsGuardParts {
  /** Who calls, by a bearer token. Rejects with a problem whoever is no platform admin. */
  readonly authorize: (authorization: string | undefined) => Promise<{ readonly actor: Actor }>;
  /** Lets developers in by a link, since a browser sends no bearer token by itself. Not in production. */
  readonly passes?: Pick<Passes, 'issue' | 'opens'>;
  /** Writes down who entered, and what was done there; logs if it cannot. */
  readonly audit: (call: AuditedCall) => Promise<void>;
}

/** Of a page that is guarded: what its use is called in the audit log, and which requests it makes by itself. */
export interface GuardedPage {
  readonly operationId: string;
  readonly reason: string;
  readonly isPolled: (req: Request) => boolean;
}

/** Lets platform admins pass, and writes down that they did. */
export function guardOps({ authorize, passes, audit }: OpsGuardParts, page: GuardedPage): RequestHandler {
  return async (req, res, next) => {
    const actor = mayEnterByCookie(req, passes) ? DEVELOPER : (await authorize(req.get('authorization'))).actor;
    if (!page.isPolled(req)) auditUse(audit, page, req, res, actor);
    res.set('Cache-Control', 'no-store');
    next();
  };
}

/** Takes the link that lets a browser in. */
export function enterOps(passes: Pick<Passes, 'issue' | 'opens'>): RequestHandler {
  return ({ query: { token } }, res) => {
    if (!opensQueueBoard(passes, token)) {
      const detail = 'This link does not open the queue board any more; npm start prints a new one';
      throw new Problem(unauthenticated, detail);
    }
    const options = { path: OPS_PATH, httpOnly: true, sameSite: 'strict', maxAge: COOKIE_SECONDS * 1_000 } as const;
    res.cookie(COOKIE_NAME, passes.issue(COOKIE, COOKIE_SECONDS), options);
    res.set('Cache-Control', 'no-store').redirect(303, QUEUE_BOARD_PATH);
  };
}

function auditUse(
  audit: OpsGuardParts['audit'],
  { operationId, reason }: GuardedPage,
  req: Request,
  res: Response,
  actor: Actor,
): void {
  const { method, baseUrl, path, ip: address = '' } = req;
  const scope = { kind: 'system', reason } as const;
  const context = { actor, scope, address, requestId: traceOf(res).requestId };
  res.once('close', () => {
    const result = res.statusCode < 400 ? 'done' : 'failed';
    audit({ operationId, path: baseUrl + path, context, input: { method }, result }).catch(() => undefined);
  });
}

function mayEnterByCookie(req: Request, passes: OpsGuardParts['passes']): boolean {
  if (passes === undefined || req.get('authorization') !== undefined) return false;
  const [, pass = ''] = new RegExp(`(?:^|; )${COOKIE_NAME}=([^;]+)`).exec(req.get('cookie') ?? '') ?? [];
  if (!passes.opens(COOKIE, pass)) return false;
  // To a browser all ports of one machine are the same site: what another program's page sends carries the cookie.
  const origin = req.get('origin');
  if (origin !== undefined && URL.parse(origin)?.host !== req.get('host')) {
    throw new Problem(forbidden, 'Not from the page of another origin');
  }
  return true;
}

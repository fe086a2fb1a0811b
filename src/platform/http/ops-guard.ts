import type { Request, RequestHandler, Response } from 'express';
import { Problem } from '../../shared/problem.ts';
import type { Actor } from '../../shared/scope.ts';
import type { Passes } from '../security/passes.ts';
import { noteRefusal, resultOf, type AuditTrail } from './audited.ts';
import { traceOf } from './exchange.ts';
import { actorKey } from './limits.ts';
import { opensQueueBoard, OPS_PATH, QUEUE_BOARD_PATH } from './queue-board-link.ts';
import { forbidden, unauthenticated } from './problems.ts';

const COOKIE = 'cookie of the queue board';
const COOKIE_NAME = 'queue_board';
const COOKIE_SECONDS = 3_600;
/** Whom a link let in. */
const DEVELOPER: Actor = { kind: 'anonymous' };

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);
/**
 * Pages ask for themselves again, every few seconds, for as long as they are open. That it was the page that asked could only be
 * told by the request, which anybody can write: it is the hour that decides.
 */
const READS = { name: 'audited-reads', quota: 1, windowSeconds: 3_600 };

export interface OpsGuardParts extends AuditTrail {
  /** Who calls, by a bearer token. Rejects with a problem whoever is no platform admin. */
  readonly authorize: (authorization: string | undefined) => Promise<{ readonly actor: Actor }>;
  /** Lets developers in by a link, since a browser sends no bearer token by itself. Not in production. */
  readonly passes?: Pick<Passes, 'issue' | 'opens'>;
}

/** A page that is guarded, with all below it, and what its use is called in the audit log. */
export interface GuardedPage {
  readonly path: string;
  readonly operationId: string;
  readonly reason: string;
}

/** Lets platform admins pass, and writes down what they do there, who looks, and who was refused. */
export function guardOps(parts: OpsGuardParts, page: GuardedPage): RequestHandler {
  return async (req, res, next) => {
    const asked = askedOf(req, res, page);
    try {
      const actor = await admit(req, parts);
      // Of a caller who has left already nobody would hear what was done: nothing is.
      if (res.destroyed) return;
      noteUse(parts, page, res, actor, asked);
    } catch (error) {
      // The caller has its answer, and whoever writes down tells the log of what fails.
      noteRefusal(parts, error, asked).catch(() => undefined);
      throw error;
    }
    res.set('Cache-Control', 'no-store');
    next();
  };
}

/** A request of a page, as the audit log tells of it. */
type Asked = ReturnType<typeof askedOf>;

function askedOf({ method, baseUrl, path, ip: address = '' }: Request, res: Response, { operationId }: GuardedPage) {
  return {
    operationId,
    path: baseUrl + path,
    input: { method },
    from: { address, requestId: traceOf(res).requestId },
  };
}

async function admit(req: Request, { authorize, passes }: OpsGuardParts): Promise<Actor> {
  return mayEnterByCookie(req, passes) ? DEVELOPER : (await authorize(req.get('authorization'))).actor;
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

/**
 * After the answer, whatever it is: what stands behind the guard answers by itself, so that no change can be held back until it is
 * written down, as an endpoint's is.
 */
function noteUse(
  { audit, limiter }: OpsGuardParts,
  page: GuardedPage,
  res: Response,
  actor: Actor,
  asked: Asked,
): void {
  const { from, ...call } = asked;
  const context = { actor, scope: { kind: 'system', reason: page.reason }, ...from } as const;
  const note = async (): Promise<void> => {
    const result = resultOf(res.statusCode);
    // By the result as well: who begins with a look that fails is not unseen for the rest of the hour.
    const key = `${page.path}:${result}:${actorKey(context)}`;
    if (READING.has(call.input.method) && !(await limiter.take(READS, key)).allowed) return;
    await audit({ ...call, context, result });
  };
  res.once('close', () => {
    // Whoever writes down tells the log of what fails.
    note().catch(() => undefined);
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

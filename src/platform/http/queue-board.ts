import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Queue } from 'bullmq';
import { Router, type Express, type Request, type RequestHandler, type Response } from 'express';
import { codeOf } from '../../shared/errors.ts';
import { Problem } from '../../shared/problem.ts';
import type { Actor } from '../../shared/scope.ts';
import type { Logger } from '../observability/logger.ts';
import type { Passes } from '../security/passes.ts';
import type { AuditedCall } from './edge.ts';
import { traceOf } from './exchange.ts';
import { forbidden, unauthenticated } from './problems.ts';
import { opensQueueBoard, QUEUE_BOARD_PATH } from './queue-board-link.ts';

const COOKIE = 'cookie of the queue board';
const COOKIE_NAME = 'queue_board';
const COOKIE_SECONDS = 3_600;
const READING = new Set(['GET', 'HEAD']);
/** Whom a link let in. */
const DEVELOPER: Actor = { kind: 'anonymous' };

export interface QueueBoardParts {
  readonly queues: readonly Queue[];
  /** Who calls, by a bearer token. Rejects with a problem whoever is no platform admin. */
  readonly authorize: (authorization: string | undefined) => Promise<{ readonly actor: Actor }>;
  /** Lets developers in by a link, since a browser sends no bearer token by itself. Not in production. */
  readonly passes?: Pick<Passes, 'issue' | 'opens'>;
  /** Writes down who entered, and what was done there; logs if it cannot. */
  readonly audit: (call: AuditedCall) => Promise<void>;
  readonly logger: Pick<Logger, 'warn'>;
}

/** `/ops/queues`: every queue with its jobs, to be looked at, tried again or removed by platform admins. */
export function queueBoard({ queues, authorize, passes, audit, logger }: QueueBoardParts): Router {
  const router = Router();
  if (passes !== undefined) router.get(`${QUEUE_BOARD_PATH}/enter`, enter(passes));
  const admit: RequestHandler = async (req, res, next) => {
    const actor = mayEnterByCookie(req, passes) ? DEVELOPER : (await authorize(req.get('authorization'))).actor;
    if (!isPolled(req)) auditUse(audit, req, res, actor);
    res.set('Cache-Control', 'no-store');
    next();
  };
  router.use(QUEUE_BOARD_PATH, admit, board(queues, logger));
  return router;
}

function board(queues: readonly Queue[], logger: Pick<Logger, 'warn'>): Express {
  const adapter = new ExpressAdapter();
  adapter.setBasePath(QUEUE_BOARD_PATH);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue)),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Queues' } },
  });
  // Its own would show what the Redis client says.
  adapter.setErrorHandler((error) => {
    logger.warn({ cause: codeOf(error) }, 'the queue board could not answer');
    return { status: 500, body: { error: 'The queues do not answer' } };
  });
  const app = adapter.getRouter() as Express;
  app.disable('x-powered-by');
  return app;
}

/** What the page loads for itself, every few seconds. */
const isPolled = ({ method, path }: Request): boolean => READING.has(method) && /^\/(api|static)\//.test(path);

function auditUse(audit: QueueBoardParts['audit'], req: Request, res: Response, actor: Actor): void {
  const { method, path, ip: address = '' } = req;
  const scope = { kind: 'system', reason: 'queue board' } as const;
  const context = { actor, scope, address, requestId: traceOf(res).requestId };
  res.once('close', () => {
    const result = res.statusCode < 400 ? 'done' : 'failed';
    audit({ operationId: 'useQueueBoard', path: QUEUE_BOARD_PATH + path, context, input: { method }, result }).catch(
      () => undefined,
    );
  });
}

function enter(passes: Pick<Passes, 'issue' | 'opens'>): RequestHandler {
  return ({ query: { token } }, res) => {
    if (!opensQueueBoard(passes, token)) {
      throw new Problem(
        unauthenticated,
        'This link does not open the queue board any more; npm start prints a new one',
      );
    }
    const options = {
      path: QUEUE_BOARD_PATH,
      httpOnly: true,
      sameSite: 'strict',
      maxAge: COOKIE_SECONDS * 1_000,
    } as const;
    res.cookie(COOKIE_NAME, passes.issue(COOKIE, COOKIE_SECONDS), options);
    res.set('Cache-Control', 'no-store').redirect(303, QUEUE_BOARD_PATH);
  };
}

function mayEnterByCookie(req: Request, passes: QueueBoardParts['passes']): boolean {
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

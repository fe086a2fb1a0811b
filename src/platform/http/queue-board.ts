import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Queue } from 'bullmq';
import { Router, type Express, type Request, type RequestHandler } from 'express';
import { codeOf } from '../../shared/errors.ts';
import { Problem } from '../../shared/problem.ts';
import type { Actor } from '../../shared/scope.ts';
import type { Logger } from '../observability/logger.ts';
import type { Passes } from '../security/passes.ts';
import { forbidden, unauthenticated } from './problems.ts';
import { opensQueueBoard, QUEUE_BOARD_PATH } from './queue-board-link.ts';

const COOKIE = 'cookie of the queue board';
const COOKIE_NAME = 'queue_board';
const COOKIE_SECONDS = 3_600;
const READING = new Set(['GET', 'HEAD']);

export interface QueueBoardParts {
  readonly queues: readonly Queue[];
  /** Who calls, by a bearer token. Rejects with a problem whoever is no platform admin. */
  readonly authorize: (authorization: string | undefined) => Promise<{ readonly actor: Actor }>;
  /** Lets developers in by a link, since a browser sends no bearer token by itself. Not in production. */
  readonly passes?: Pick<Passes, 'issue' | 'opens'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** `/ops/queues`: every queue with its jobs, to be looked at, tried again or removed by platform admins. */
export function queueBoard({ queues, authorize, passes, logger }: QueueBoardParts): Router {
  const router = Router();
  if (passes !== undefined) router.get(`${QUEUE_BOARD_PATH}/enter`, enter(passes));
  const admit: RequestHandler = async (req, res, next) => {
    const actor = mayEnterByCookie(req, passes) ? 'a developer' : (await authorize(req.get('authorization'))).actor;
    if (!READING.has(req.method)) logger.info({ actor, method: req.method, path: req.path }, 'queue board used');
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

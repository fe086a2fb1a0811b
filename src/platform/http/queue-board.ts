import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Queue } from 'bullmq';
import { Router, type Express } from 'express';
import { codeOf } from '../../shared/errors.ts';
import type { Logger } from '../observability/logger.ts';
import { enterOps, guardOps, type OpsGuardParts } from './ops-guard.ts';
import { OPS_PATH, QUEUE_BOARD_PATH } from './queue-board-link.ts';

export interface QueueBoardParts extends OpsGuardParts {
  readonly queues: readonly Queue[];
  readonly logger: Pick<Logger, 'warn'>;
}

/** `/ops/queues`: every queue with its jobs, to be looked at, tried again or removed by platform admins. */
export function queueBoard({ queues, logger, ...guard }: QueueBoardParts): Router {
  const router = Router();
  if (guard.passes !== undefined) router.get(`${QUEUE_BOARD_PATH}/enter`, enterOps(guard.passes));
  const page = { path: QUEUE_BOARD_PATH, operationId: 'useQueueBoard', reason: 'queue board' };
  router.use(QUEUE_BOARD_PATH, guardOps(guard, page), board(queues, logger));
  return router;
}

function board(queues: readonly Queue[], logger: Pick<Logger, 'warn'>): Express {
  const adapter = new ExpressAdapter();
  adapter.setBasePath(QUEUE_BOARD_PATH);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue)),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Queues', miscLinks: [{ text: 'Operations', url: OPS_PATH }] } },
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

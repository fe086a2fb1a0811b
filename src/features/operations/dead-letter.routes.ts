import { z } from 'zod';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { deadLetterNotFound, notReplayable, type DeadLetterDesk } from '../../platform/queue/dead-letter-desk.ts';
import type { DeadLetter } from '../../platform/queue/dead-letter.model.ts';
import type { DeadLetterCard } from '../../platform/queue/dead-letter.store.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import { Id } from '../../shared/ids.ts';
import {
  DeadLetterIds,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetterView,
  Replay,
  Replayed,
  Settled,
  type DeadLetterCardView,
} from './dead-letter.schema.ts';

const maySee = { scope: 'system', role: 'support' } as const;
const maySettle = { scope: 'system', role: 'admin' } as const;

const One = z.strictObject({ deadLetterId: Id });

/** What operators see of and do with jobs that failed for good. */
export const deadLetterEndpoints = (desk: DeadLetterDesk): readonly Endpoint[] => [
  ...readEndpoints(desk),
  ...settleEndpoints(desk),
];

const readEndpoints = (desk: DeadLetterDesk): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/operations/dead-letters',
    operationId: 'listDeadLetters',
    summary: 'List jobs that failed for good, the latest first',
    permission: maySee,
    input: z.object({ query: DeadLetterQuery }),
    output: DeadLetterPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 1,
    idempotent: false,
    async handle({ query: { state, queue, name, ...page } }) {
      const found = await desk.list({ state, queue, name }, page);
      return { ...found, data: found.data.map(presentCard) };
    },
  }),

  endpoint({
    method: 'get',
    path: '/operations/dead-letters/:deadLetterId',
    operationId: 'getDeadLetter',
    summary: 'Inspect a job that failed for good: payload, reason and stacks',
    permission: maySee,
    input: z.object({ params: One }),
    output: DeadLetterView,
    status: 200,
    problems: [deadLetterNotFound],
    queryBudget: 1,
    idempotent: false,
    handle: async ({ params }) => present(await desk.inspect(params.deadLetterId)),
  }),
];

const settleEndpoints = (desk: DeadLetterDesk): readonly Endpoint[] => [
  endpoint({
    method: 'post',
    path: '/operations/dead-letters/:deadLetterId/replay',
    operationId: 'replayDeadLetter',
    summary: 'Do a job again, as it was or with an edited payload',
    permission: maySettle,
    input: z.object({ params: One, body: Replay }),
    output: z.void(),
    status: 204,
    problems: [deadLetterNotFound, notReplayable],
    queryBudget: 4,
    idempotent: false,
    handle: ({ params, body }) => desk.replay(params.deadLetterId, body.payload),
  }),

  endpoint({
    method: 'post',
    path: '/operations/dead-letters/replay',
    operationId: 'replayDeadLetters',
    summary:
      'Do up to 100 jobs again; those that are settled or no longer fit are passed over, and told of in `skipped`',
    permission: maySettle,
    input: z.object({ body: DeadLetterIds }),
    output: Replayed,
    status: 200,
    problems: [],
    queryBudget: 4,
    idempotent: false,
    handle: async ({ body }) => {
      const { count, skipped } = await desk.replayAll(body.ids);
      return { count, skipped: skipped.map(({ id, reason }) => ({ id: Id.encode(id), reason })) };
    },
  }),

  endpoint({
    method: 'post',
    path: '/operations/dead-letters/discard',
    operationId: 'discardDeadLetters',
    summary: 'Settle up to 100 dead letters without doing their jobs again',
    permission: maySettle,
    input: z.object({ body: DeadLetterIds }),
    output: Settled,
    status: 200,
    problems: [],
    queryBudget: 2,
    idempotent: false,
    handle: async ({ body }) => ({ count: await desk.discard(body.ids) }),
  }),
];

function presentCard(card: DeadLetterCard): z.input<typeof DeadLetterCardView> {
  const { _id, queue, jobId, name, reason, attempts, failedAt, state, settledAt } = card;
  const times = { failedAt: failedAt.toISOString(), settledAt: settledAt?.toISOString() ?? null };
  return { id: Id.encode(_id), queue, jobId, name, reason, attempts, state, ...times };
}

function present(letter: DeadLetter): z.input<typeof DeadLetterView> {
  return { ...presentCard(letter), payload: letter.payload, stacks: [...letter.stacks] };
}

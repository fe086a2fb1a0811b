import { z } from 'zod';
import { Id } from '../../shared/ids.ts';
import { PageQuery, pageOf } from '../../shared/page.ts';
import { Timestamp } from '../../shared/time.ts';

const State = z.enum(['open', 'replayed', 'discarded']);

export const DeadLetterQuery = PageQuery.extend({
  state: State.default('open'),
  queue: z.string().max(40).optional(),
  name: z.string().max(100).optional(),
});

export const DeadLetterCardView = z
  .strictObject({
    id: Id,
    queue: z.string(),
    jobId: z.string(),
    name: z.string(),
    reason: z.string(),
    attempts: z.int(),
    failedAt: Timestamp,
    state: State,
    settledAt: Timestamp.nullable(),
  })
  .meta({ id: 'DeadLetterCard' });

export const DeadLetterPage = pageOf(DeadLetterCardView).meta({ id: 'DeadLetterPage' });

export const DeadLetterView = DeadLetterCardView.extend({
  /** Secrets and personal data left out. */
  payload: z.unknown(),
  stacks: z.array(z.string()),
}).meta({ id: 'DeadLetter' });

/** Without a payload the job is done again as it was. */
export const Replay = z.strictObject({ payload: z.unknown().optional() });

const MOST = 100;

export const DeadLetterIds = z.strictObject({ ids: z.array(Id).min(1).max(MOST) });

/** One that was not done again is told of with its reason. */
export const Replayed = z
  .strictObject({ count: z.int(), skipped: z.array(z.strictObject({ id: Id, reason: z.string() })) })
  .meta({ id: 'ReplayedDeadLetters' });

export const Settled = z.strictObject({ count: z.int() }).meta({ id: 'SettledDeadLetters' });

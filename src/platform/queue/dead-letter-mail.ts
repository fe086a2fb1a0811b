import { MINUTE_MS } from '../../shared/time.ts';
import { asSystem } from '../database/scoped.ts';
import type { Transact } from '../database/transaction.ts';
import type { DeadLetterAlert } from './dead-letter-collector.ts';
import type { AlertDue } from './dead-letter.store.ts';
import type { QueueService } from './queue.service.ts';

export interface DeadLetterMailDeps {
  /** Who is told; nobody when there is none. */
  readonly to: string | undefined;
  readonly queues: () => Pick<QueueService, 'sendEmail'>;
  /** Whether nobody else, in any process, has taken the turn in the last so many milliseconds. Whoever has it has it again. */
  readonly takeTurn: (who: string, everyMs: number) => Promise<boolean>;
  readonly transact: Transact;
}

/** A flood of failures has one cause, and a mail that fails is a dead letter itself. */
const EVERY_MS = 10 * MINUTE_MS;

const context = { scope: asSystem('alert of a dead letter').scope };

/**
 * Mails operators that a job has failed for good: the first one, and those after it not before ten minutes are over. The turn
 * is the letter's, so that a mail that could not be asked for is asked for again, and the mail is asked for in the
 * transaction that claims the alert, so that it is asked for once.
 */
export function deadLetterMail({ to, queues, takeTurn, transact }: DeadLetterMailDeps): DeadLetterAlert {
  return {
    async raise(letter, claim) {
      const { queue, jobId, failedAt } = letter;
      const who = `${queue} ${jobId} ${String(failedAt.getTime())}`;
      if (to === undefined || !(await takeTurn(who, EVERY_MS))) {
        await claim();
        return;
      }
      await transact(context, async (access) => {
        if (await claim(access)) await queues().sendEmail({ to, ...mailOf(letter) }, { context, access });
      });
    },
  };
}

function mailOf({ queue, name, jobId, reason, attempts }: AlertDue) {
  const body = [
    `A job failed for good after ${String(attempts)} attempts, and others may have since.`,
    `Job: ${name}\nQueue: ${queue}\nId: ${jobId}\nReason: ${reason}`,
    'GET /api/operations/dead-letters lists all that are open. There is no further mail for ten minutes.',
  ].join('\n\n');
  return { subject: `Failed for good: ${name}`, body };
}

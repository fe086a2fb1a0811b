import { MINUTE_MS } from '../../shared/time.ts';
import type { DeadLetterAlert } from './dead-letter-collector.ts';
import type { QueueService } from './queue.service.ts';

export interface DeadLetterMailDeps {
  /** Who is told; nobody when there is none. */
  readonly to: string | undefined;
  readonly queues: () => Pick<QueueService, 'sendEmail'>;
  /** Whether nobody else, in any process, has taken the turn in the last so many milliseconds. */
  readonly takeTurn: (everyMs: number) => Promise<boolean>;
}

/** A flood of failures has one cause, and a mail that fails is a dead letter itself. */
const EVERY_MS = 10 * MINUTE_MS;

/** Mails operators that a job has failed for good: the first one, and those after it not before ten minutes are over. */
export function deadLetterMail({ to, queues, takeTurn }: DeadLetterMailDeps): DeadLetterAlert {
  return {
    async raise({ queue, name, jobId, reason, attempts }) {
      if (to === undefined || !(await takeTurn(EVERY_MS))) return;
      const body = [
        `A job failed for good after ${String(attempts)} attempts, and others may have since.`,
        `Job: ${name}\nQueue: ${queue}\nId: ${jobId}\nReason: ${reason}`,
        'GET /api/operations/dead-letters lists all that are open. There is no further mail for ten minutes.',
      ].join('\n\n');
      await queues().sendEmail({ to, subject: `Failed for good: ${name}`, body });
    },
  };
}

import { DeadLetterCollector } from '../platform/queue/dead-letter-collector.ts';
import { DeadLetterDesk, type DeadLetterDeskDeps } from '../platform/queue/dead-letter-desk.ts';
import { deadLetterMail } from '../platform/queue/dead-letter-mail.ts';
import { deadLetters } from '../platform/queue/dead-letter.model.ts';
import { DeadLetterStore } from '../platform/queue/dead-letter.store.ts';
import { contracts } from './contracts.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';

/** What becomes of jobs that failed for good: workers collect them, operators see to them. */
export function deadLetterParts(
  parts: Parts,
  { config, logger, database, cursors, queue, queueRedis, queueSettings, now, transact, appendEvent }: Platform,
) {
  const store = parts.part(
    () => new DeadLetterStore({ letters: deadLetters.on(database().primary), cursors: cursors() }),
  );
  const takeTurn = async (who: string, everyMs: number): Promise<boolean> => {
    const turn = `${queueSettings.prefix}:alerted:dead-letter`;
    return (await queueRedis().set(turn, who, 'PX', everyMs, 'NX')) === 'OK' || (await queueRedis().get(turn)) === who;
  };
  return {
    deadLetterStore: store,
    deadLetterDesk: parts.part(() => {
      const queues: DeadLetterDeskDeps['queues'] = {
        removeFailed: (name, jobId) => queue().removeFailed(name, jobId),
      };
      const writing = { transact: transact(), appendEvent: appendEvent(), now };
      return new DeadLetterDesk({ store: store(), queues, contracts, ...writing });
    }),
    deadLetterCollector: parts.part(
      () => {
        const queues = queue();
        return new DeadLetterCollector(Object.keys(queueSettings.queues), {
          store: store(),
          failedSince: (name, since, limit) => queues.failedSince(name, since, limit),
          alert: deadLetterMail({ to: config.operations.email, queues: () => queues, takeTurn, transact: transact() }),
          logger: logger(),
        });
      },
      (collector) => collector.stop(),
    ),
  };
}

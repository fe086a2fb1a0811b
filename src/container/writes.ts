import { AuditLog, recordChanges } from '../features/audit/audit.log.ts';
import { auditEntries } from '../features/audit/audit.model.ts';
import { mongoTransact } from '../platform/database/transaction.ts';
import { keptAnswers } from '../platform/idempotency/answer.store.ts';
import { Idempotency } from '../platform/idempotency/once.ts';
import { MailStore, mails } from '../platform/mail/mail.store.ts';
import { eventAppender, outbox } from '../platform/outbox/event.store.ts';
import type { OutboxRelay } from '../platform/outbox/relay.ts';
import type { cacheParts } from './cache.ts';
import type { connectionParts } from './connections.ts';
import type { Parts } from './parts.ts';
import { subscriptions } from './subscriptions.ts';

/** How a change is made: once for an `Idempotency-Key`, in one transaction, with its events. */
export function writeParts(
  parts: Parts,
  { database }: ReturnType<typeof connectionParts>,
  { cache }: ReturnType<typeof cacheParts>,
) {
  const now = () => new Date();
  const primary = () => database().primary;
  let relay: OutboxRelay | undefined;

  const idempotency = parts.part(() => new Idempotency({ answers: keptAnswers.on(primary()), now }));
  const auditLog = parts.part(() => new AuditLog({ entries: auditEntries.on(primary()), now }));
  return {
    now,
    idempotency,
    auditLog,
    transact: parts.part(() => mongoTransact(primary(), idempotency().keepAnswer)),
    appendEvent: parts.part(() => {
      const kept = cache();
      return eventAppender({
        events: outbox.on(primary()),
        now,
        record: recordChanges(auditLog()),
        async committed(event) {
          // Before the writer hears of it, so that it reads its own change. What Redis could not be told the relay tells it.
          await kept.invalidate(subscriptions[event.type]?.tags(event) ?? []).catch(() => undefined);
          relay?.nudge();
        },
      });
    }),
    mailStore: parts.part(() => new MailStore({ mails: mails.on(primary()), now })),
    /** From now on the relay of this process hears of each event at once, where those of others look now and then. */
    hasRelay: (running: OutboxRelay) => {
      relay = running;
    },
  };
}

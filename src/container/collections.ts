import type { DeclaredCollection } from '../platform/database/collection.ts';
import { keptAnswers } from '../platform/idempotency/answer.store.ts';
import { mails } from '../platform/mail/mail.store.ts';
import { outbox } from '../platform/outbox/event.store.ts';
import { effects } from '../platform/queue/effects.ts';

/** Every collection of the platform: what is migrated, and what the tests of scopes and indexes walk. */
export const collections: readonly DeclaredCollection[] = [effects, keptAnswers, mails, outbox];

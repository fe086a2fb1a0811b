import { rollups, rollupState, trackedEvents, trends } from '../features/analytics/analytics.model.ts';
import { apiKeys } from '../features/api-keys/api-key.model.ts';
import { auditChains, auditEntries } from '../features/audit/audit.model.ts';
import { productCollection } from '../features/catalog/product.model.ts';
import { signInAttempts } from '../features/identity/attempt.model.ts';
import { letters } from '../features/identity/letter.model.ts';
import { phoneProofs } from '../features/identity/phone-proof.model.ts';
import { sessions } from '../features/identity/session.model.ts';
import { users } from '../features/identity/user.model.ts';
import { maintenanceRuns } from '../features/maintenance/maintenance.model.ts';
import { walkPlaces } from '../features/maintenance/walk-place.model.ts';
import { invitations } from '../features/merchants/invitation.model.ts';
import { memberships } from '../features/merchants/membership.model.ts';
import { merchants } from '../features/merchants/merchant.model.ts';
import { orderCollection } from '../features/orders/order.model.ts';
import { textMessageCounts, textMessages } from '../features/sms/sms.model.ts';
import { reportCollection } from '../features/reports/report.model.ts';
import { scheduleCollection } from '../features/reports/schedule.model.ts';
import { locationCollection, stockCollection } from '../features/stock/stock.model.ts';
import type { DeclaredCollection } from '../platform/database/collection.ts';
import { keptAnswers } from '../platform/idempotency/answer.store.ts';
import { mails } from '../platform/mail/mail.store.ts';
import { outbox } from '../platform/outbox/event.store.ts';
import { deadLetters } from '../platform/queue/dead-letter.model.ts';
import { effects } from '../platform/queue/effects.ts';
import { scheduleStates } from '../platform/queue/schedule.store.ts';

/** Every collection of the platform: what is migrated, and what the tests of scopes and indexes walk. */
export const collections: readonly DeclaredCollection[] = [
  apiKeys,
  auditChains,
  auditEntries,
  deadLetters,
  effects,
  invitations,
  keptAnswers,
  letters,
  locationCollection,
  mails,
  maintenanceRuns,
  memberships,
  merchants,
  orderCollection,
  outbox,
  phoneProofs,
  productCollection,
  scheduleStates,
  reportCollection,
  scheduleCollection,
  sessions,
  signInAttempts,
  rollups,
  rollupState,
  stockCollection,
  trackedEvents,
  trends,
  textMessageCounts,
  textMessages,
  users,
  walkPlaces,
];

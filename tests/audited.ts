import type { Connection } from 'mongoose';
import { AuditLog, recordChanges } from '../src/features/audit/audit.log.ts';
import { auditEntries } from '../src/features/audit/audit.model.ts';
import type { RecordChange } from '../src/platform/outbox/event.ts';
import type { Now } from '../src/shared/time.ts';

/** Has changes written to the audit log, as in production. */
export const auditedIn = (primary: Connection, now: Now): RecordChange =>
  recordChanges(new AuditLog({ entries: auditEntries.on(primary), now }));

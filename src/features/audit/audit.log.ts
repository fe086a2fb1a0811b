import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import type { Transact, TransactionAccess } from '../../platform/database/transaction.ts';
import type { AuditRecord, Outlets, Within } from '../../platform/queue/outlets.ts';
import type { AppendEvent, RecordChange } from '../../platform/outbox/event.ts';
import { Id, newId } from '../../shared/ids.ts';
import type { Scope } from '../../shared/scope.ts';
import type { Now } from '../../shared/time.ts';
import { auditRecorded, type AuditRecorded } from './audit.events.ts';
import type { AuditContent, AuditEntry, ChainOwner } from './audit.model.ts';
import { maskedCopy } from './mask.ts';

export interface AuditLogDeps {
  readonly entries: ScopedModel<AuditEntry>;
  readonly now: Now;
}

/** Writes entries. Whoever changes something does so in the transaction of the change, so that neither is without the other. */
export class AuditLog {
  readonly #entries: ScopedModel<AuditEntry>;
  readonly #now: Now;

  constructor(deps: AuditLogDeps) {
    this.#entries = deps.entries;
    this.#now = deps.now;
  }

  /** @returns the event that has the entry chained, to be appended in the same transaction */
  async write(record: AuditRecord, { session }: TransactionAccess): Promise<AuditRecorded> {
    const content = contentOf(record, this.#now());
    await this.#entries.create([{ ...content, ...NOT_CHAINED }], asSystem('audit log', session));
    return auditRecorded(content);
  }
}

/** Keeps account of the changes that events tell of. */
export const recordChanges =
  (log: Pick<AuditLog, 'write'>): RecordChange =>
  (context, event, { target, before, after, merchantId }, access) => {
    const { actor = { kind: 'anonymous' }, address, requestId } = context;
    const record: AuditRecord = {
      action: event.type,
      actor,
      scope: merchantId === undefined ? context.scope : { kind: 'merchant', merchantId },
      target: { kind: target.kind, id: Id.encode(target.id) },
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
      ...(address !== undefined && { address }),
      ...(requestId !== undefined && { requestId }),
      result: 'done',
    };
    return log.write(record, access);
  };

/** What the queue service's `audit` does: an entry of its own, or one within a transaction. */
export const auditOutlet =
  (log: Pick<AuditLog, 'write'>, transact: Transact, appendEvent: AppendEvent): Outlets['audit'] =>
  async (record, within) => {
    const write = async ({ context, access }: Within): Promise<Id> => {
      const recorded = await log.write(record, access);
      await appendEvent(context, recorded, access);
      return recorded.aggregateId;
    };
    if (within !== undefined) return write(within);
    const context = asSystem('audit log');
    return transact(context, (access) => write({ context, access }));
  };

const NOT_CHAINED = { seq: null, previousHash: null, hash: null };

function contentOf(record: AuditRecord, occurredAt: Date): AuditContent {
  const { action, actor, scope, target = null, before, after, address = null, requestId = null, result } = record;
  return {
    _id: newId(),
    merchantId: ownerOf(scope),
    action,
    actor: { kind: actor.kind, id: actor.kind === 'anonymous' ? null : actor.id },
    reason: scope.kind === 'system' ? scope.reason : null,
    target,
    before: before === undefined ? null : maskedCopy(before),
    after: after === undefined ? null : maskedCopy(after),
    address,
    requestId,
    result,
    occurredAt,
  };
}

/** What users do in their own affairs is the platform's to account for. */
const ownerOf = (scope: Scope): ChainOwner => (scope.kind === 'merchant' ? scope.merchantId : null);

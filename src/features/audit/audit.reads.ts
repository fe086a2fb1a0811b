import type { QueryFilter } from 'mongoose';
import type { ScopedModel } from '../../platform/database/collection.ts';
import { paginateCursor } from '../../platform/database/pagination.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Cursors } from '../../platform/security/cursors.ts';
import type { Page } from '../../shared/page.ts';
import type { AuditEntry, ChainOwner } from './audit.model.ts';
import type { AuditEntryView, AuditQuery } from './audit.schema.ts';
import { shownEntry } from './link.ts';

/** What may be asked of the log. */
export type AuditFilter = Partial<Pick<AuditQuery, 'action' | 'actorId' | 'from' | 'targetId' | 'until'>>;

export function filterOf(
  merchantId: ChainOwner,
  { actorId, action, targetId, from, until }: AuditFilter,
): QueryFilter<AuditEntry> {
  return {
    merchantId,
    ...(actorId !== undefined && { 'actor.id': actorId }),
    ...(action !== undefined && { action }),
    ...(targetId !== undefined && { 'target.id': targetId }),
    ...((from ?? until) !== undefined && {
      occurredAt: { ...(from !== undefined && { $gte: from }), ...(until !== undefined && { $lt: until }) },
    }),
  };
}

/** Reads of the audit log for people. */
export class AuditReads {
  readonly #entries: ScopedModel<AuditEntry>;
  readonly #cursors: Cursors;

  constructor(entries: ScopedModel<AuditEntry>, cursors: Cursors) {
    this.#entries = entries;
    this.#cursors = cursors;
  }

  /** What was done in a store, or on the platform, the newest first. */
  async findPage(
    merchantId: ChainOwner,
    { actorId, action, targetId, from, until, ...page }: AuditQuery,
    access: Access,
  ): Promise<Page<AuditEntryView>> {
    const filter = filterOf(merchantId, { actorId, action, targetId, from, until });
    const sort = { occurredAt: -1, _id: -1 } as const;
    const question = { list: 'audit', filter, fields: {}, sort, page };
    const found = await paginateCursor<AuditEntry, AuditEntry>(this.#entries, question, this.#cursors, access);
    return { ...found, data: found.data.map(shownEntry) };
  }
}

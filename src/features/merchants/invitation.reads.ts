import type { ScopedModel } from '../../platform/database/collection.ts';
import { paginateCursor } from '../../platform/database/pagination.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Cursors } from '../../platform/security/cursors.ts';
import type { Id } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import type { Invitation } from './invitation.model.ts';
import { INVITATION_FIELDS, type InvitationRow } from './merchant.presenter.ts';

export type InvitationToSend = Pick<Invitation, '_id' | 'email' | 'invitedBy' | 'role'>;

/** Reads of invitations. */
export class InvitationReads {
  readonly #invitations: ScopedModel<Invitation>;
  readonly #cursors: Cursors;

  constructor(invitations: ScopedModel<Invitation>, cursors: Cursors) {
    this.#invitations = invitations;
    this.#cursors = cursors;
  }

  /** Those of the scope's store, the newest first. */
  findPage(page: PageQuery, access: Access): Promise<Page<InvitationRow>> {
    const list = { list: 'invitations', filter: {}, fields: INVITATION_FIELDS, sort: { invitedAt: -1 }, page } as const;
    return paginateCursor(this.#invitations, list, this.#cursors, access);
  }

  async findToSend(_id: Id, now: Date, access: Access): Promise<InvitationToSend | undefined> {
    const invitation = await this.#invitations
      .findOne({ _id, expiresAt: { $gt: now } }, { email: 1, role: 1, invitedBy: 1 }, access)
      .lean<InvitationToSend>();
    return invitation ?? undefined;
  }
}

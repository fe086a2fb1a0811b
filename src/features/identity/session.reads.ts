import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { Session } from './session.model.ts';

/** Reads of sessions. */
export class SessionReads {
  readonly #sessions: ScopedModel<Session>;

  constructor(sessions: ScopedModel<Session>) {
    this.#sessions = sessions;
  }

  async isOpen(_id: Id, now: Date, access: Access): Promise<boolean> {
    const open = { endedAt: null, expiresAt: { $gt: now } };
    return (await this.#sessions.findOne({ _id, ...open }, { _id: 1 }, access).lean()) !== null;
  }
}

import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { RefreshToken } from './refresh-token.ts';
import type { Session } from './session.model.ts';

/** Writes of sessions, each a single atomic operation. */
export class SessionStore {
  readonly #sessions: ScopedModel<Session>;

  constructor(sessions: ScopedModel<Session>) {
    this.#sessions = sessions;
  }

  async insert(session: Session, access: Access): Promise<void> {
    await this.#sessions.create([session], access);
  }

  /**
   * Puts a new token in the place of the newest. Of any number at the same moment one succeeds.
   * @returns whose session it is, or undefined when the token is not the newest of an open session
   */
  async rotate(
    token: RefreshToken,
    next: Pick<Session, 'expiresAt' | 'refreshedAt' | 'tokenDigest'>,
    access: Access,
  ): Promise<Id | undefined> {
    const open = { endedAt: null, expiresAt: { $gt: next.refreshedAt } };
    const rotated = await this.#sessions
      .findOneAndUpdate(
        { _id: token.sessionId, tokenDigest: token.digest, ...open },
        { $set: next },
        { ...access, projection: { userId: 1 }, returnDocument: 'after' },
      )
      .lean<Pick<Session, 'userId'>>();
    return rotated?.userId;
  }

  async end(_id: Id, endedAt: Date, access: Access): Promise<void> {
    await this.#sessions.updateOne({ _id, endedAt: null }, { $set: { endedAt } }, access);
  }

  async endAllOf(userId: Id, endedAt: Date, access: Access): Promise<void> {
    await this.#sessions.updateMany({ userId, endedAt: null }, { $set: { endedAt } }, access);
  }
}

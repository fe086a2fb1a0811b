import { LRUCache } from 'lru-cache';
import { asSystem } from '../../platform/database/scoped.ts';
import type { AccessToken } from '../../platform/security/tokens.ts';
import { Id } from '../../shared/ids.ts';
import { SECOND_MS, type Now } from '../../shared/time.ts';
import type { SessionReads } from './session.reads.ts';

/** For how long another process may still take the tokens of a session that has ended. */
export const REMEMBERED_MS = 2 * SECOND_MS;

const MAX_REMEMBERED = 10_000;

/** Knows which sessions have ended, from the database, and remembers the answer for a moment. */
export class SessionWatch {
  readonly #sessions: Pick<SessionReads, 'isOpen'>;
  readonly #now: Now;
  readonly #answers = new LRUCache<string, Promise<boolean>>({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS });

  constructor(sessions: Pick<SessionReads, 'isOpen'>, now: Now) {
    this.#sessions = sessions;
    this.#now = now;
  }

  /** For `AccessTokens`: a session that is not there counts as ended. */
  async isRevoked({ sessionId }: Pick<AccessToken, 'sessionId'>): Promise<boolean> {
    return !(await (this.#answers.get(sessionId) ?? this.#ask(sessionId)));
  }

  /** In this process a session that has just ended is refused at once. */
  forget(sessionId: Id): void {
    this.#answers.delete(Id.encode(sessionId));
  }

  /** The same for sessions that are not known one by one. */
  forgetAll(): void {
    this.#answers.clear();
  }

  #ask(sessionId: string): Promise<boolean> {
    const answer = this.#sessions.isOpen(Id.decode(sessionId), this.#now(), asSystem('access token'));
    this.#answers.set(sessionId, answer);
    answer.catch(() => {
      // A database that was away is asked again; whoever waits for the answer learns of it.
      if (this.#answers.peek(sessionId) === answer) this.#answers.delete(sessionId);
    });
    return answer;
  }
}

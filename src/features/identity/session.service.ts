import { asSystem } from '../../platform/database/scoped.ts';
import type { Passwords } from '../../platform/security/passwords.ts';
import { digestOf, newSecret } from '../../platform/security/secrets.ts';
import { ACCESS_TOKEN_SECONDS, type AccessTokens } from '../../platform/security/tokens.ts';
import { Id, newId } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import type { UserContext } from '../../shared/scope.ts';
import { DAY_MS, SECOND_MS, type Now } from '../../shared/time.ts';
import type { AttemptStore } from './attempt.store.ts';
import { invalidCredentials, refreshRefused, signInLocked } from './identity.problems.ts';
import type { SignIn, Tokens } from './identity.schema.ts';
import { readRefreshToken, writeRefreshToken } from './refresh-token.ts';
import type { SessionWatch } from './session-watch.ts';
import type { SessionStore } from './session.store.ts';
import type { SignInUser, UserReads } from './user.reads.ts';
import type { UserStore } from './user.store.ts';

/** A session that is not refreshed for so long has ended. */
const SESSION_MS = 30 * DAY_MS;

export interface SessionDeps {
  readonly users: Pick<UserReads, 'findForSignIn'>;
  readonly userStore: Pick<UserStore, 'setPasswordHash'>;
  readonly sessions: Pick<SessionStore, 'end' | 'endAllOf' | 'insert' | 'rotate'>;
  readonly attempts: Pick<AttemptStore, 'begin' | 'forget'>;
  readonly watch: Pick<SessionWatch, 'forget' | 'forgetAll'>;
  readonly passwords: Pick<Passwords, 'hash' | 'isOutdated' | 'verify'>;
  readonly tokens: Pick<AccessTokens, 'sign'>;
  readonly now: Now;
}

/** Signing in, staying signed in, and signing out. */
export class SessionService {
  readonly #deps: SessionDeps;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  /** An unknown address costs what a wrong password costs, is locked like one, and gets the same answer. */
  async signIn({ email, password }: SignIn): Promise<Tokens> {
    const { users, attempts, passwords, now } = this.#deps;
    const access = asSystem('sign-in');
    const lockedUntil = await attempts.begin(email, now());
    if (lockedUntil !== undefined) throw locked(lockedUntil, now());

    const user = await users.findForSignIn(email, access);
    const matches = await passwords.verify(user?.passwordHash, password);
    if (user === undefined || !matches) {
      throw new Problem(invalidCredentials, 'There is no account with this address and password');
    }
    await attempts.forget(email, access);
    await this.#renewHash(user, password);
    return this.#open(user._id);
  }

  /** Trades a refresh token for new ones. A token that was traded before ends the session: one of two holders stole it. */
  async refresh(refreshToken: string): Promise<Tokens> {
    const { sessions, watch, now } = this.#deps;
    const access = asSystem('refresh');
    const presented = readRefreshToken(refreshToken);
    if (presented === undefined) throw refused();

    const { sessionId } = presented;
    const secret = newSecret();
    const at = now();
    const next = { tokenDigest: digestOf(secret), refreshedAt: at, expiresAt: expiryOf(at) };
    const userId = await sessions.rotate(presented, next, access);
    if (userId === undefined) {
      await sessions.end(sessionId, at, access);
      watch.forget(sessionId);
      throw refused();
    }
    return this.#tokensOf(userId, sessionId, secret);
  }

  /** Ends the session that a refresh token belongs to, of whatever age the token is. Never tells whether there was one. */
  async signOut(refreshToken: string): Promise<void> {
    const { sessions, watch, now } = this.#deps;
    const presented = readRefreshToken(refreshToken);
    if (presented === undefined) return;
    await sessions.end(presented.sessionId, now(), asSystem('sign-out'));
    watch.forget(presented.sessionId);
  }

  async signOutEverywhere({ scope }: UserContext): Promise<void> {
    const { sessions, watch, now } = this.#deps;
    await sessions.endAllOf(scope.userId, now(), { scope });
    watch.forgetAll();
  }

  async #open(userId: Id): Promise<Tokens> {
    const at = this.#deps.now();
    const secret = newSecret();
    const session = {
      _id: newId(),
      userId,
      tokenDigest: digestOf(secret),
      startedAt: at,
      refreshedAt: at,
      expiresAt: expiryOf(at),
      endedAt: null,
    };
    await this.#deps.sessions.insert(session, asSystem('sign-in'));
    return this.#tokensOf(userId, session._id, secret);
  }

  async #tokensOf(userId: Id, sessionId: Id, secret: string): Promise<Tokens> {
    const named = { userId: Id.encode(userId), sessionId: Id.encode(sessionId) };
    return {
      accessToken: await this.#deps.tokens.sign(named),
      tokenType: 'Bearer',
      expiresIn: ACCESS_TOKEN_SECONDS,
      refreshToken: writeRefreshToken(sessionId, secret),
    };
  }

  /** The only moment at which a hash can follow a higher cost: the password itself is nowhere else. */
  async #renewHash({ _id, passwordHash }: SignInUser, password: string): Promise<void> {
    const { passwords, userStore } = this.#deps;
    if (!passwords.isOutdated(passwordHash)) return;
    await userStore.setPasswordHash(_id, await passwords.hash(password), asSystem('sign-in'));
  }
}

const expiryOf = (from: Date): Date => new Date(from.getTime() + SESSION_MS);

const refused = (): Problem => new Problem(refreshRefused, 'This session has ended');

function locked(until: Date, now: Date): Problem {
  const retryAfterSeconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / SECOND_MS));
  return new Problem(signInLocked, 'Wait, or set a new password by mail', { retryAfterSeconds });
}

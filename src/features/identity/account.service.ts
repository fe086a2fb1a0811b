import { asSystem } from '../../platform/database/scoped.ts';
import { afterCommit, type Transact, type TransactionAccess } from '../../platform/database/transaction.ts';
import { unauthenticated } from '../../platform/http/problems.ts';
import type { AppendEvent } from '../../platform/outbox/event.ts';
import type { LinkTokens } from '../../platform/security/links.ts';
import type { Passwords } from '../../platform/security/passwords.ts';
import { newId, type Id } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import type { RequestContext, SystemScope, UserContext } from '../../shared/scope.ts';
import { DAY_MS, HOUR_MS, type Now } from '../../shared/time.ts';
import type { AttemptStore } from './attempt.store.ts';
import { letterRequested } from './identity.events.ts';
import { linkNotValid } from './identity.problems.ts';
import type { Accepted, ResetPassword, SignUp, UserView } from './identity.schema.ts';
import type { LetterKind } from './letter.model.ts';
import type { LetterStore } from './letter.store.ts';
import type { SessionWatch } from './session-watch.ts';
import type { SessionStore } from './session.store.ts';
import type { UserReads } from './user.reads.ts';
import type { UserStore } from './user.store.ts';

export interface AccountDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly users: Pick<UserReads, 'findIdByEmail' | 'findView'>;
  readonly userStore: Pick<UserStore, 'insertIfNew' | 'markVerified' | 'resetPassword'>;
  readonly letters: Pick<LetterStore, 'closeAllOf' | 'insert' | 'use'>;
  readonly sessions: Pick<SessionStore, 'endAllOf'>;
  readonly attempts: Pick<AttemptStore, 'forget'>;
  readonly watch: Pick<SessionWatch, 'forgetAll'>;
  readonly passwords: Pick<Passwords, 'hash'>;
  readonly links: Pick<LinkTokens, 'open'>;
  readonly now: Now;
}

/** How long the link in a letter works. */
const LINK_MS: Readonly<Record<LetterKind, number>> = {
  'verify-email': 3 * DAY_MS,
  'reset-password': HOUR_MS,
  'sign-up-repeated': DAY_MS,
};

const ACCEPTED: Accepted = { next: 'read-your-mail' };

/** What can be done with an account, apart from signing in to it. */
export class AccountService {
  readonly #deps: AccountDeps;

  constructor(deps: AccountDeps) {
    this.#deps = deps;
  }

  async me({ scope }: UserContext): Promise<UserView> {
    const view = await this.#deps.users.findView(scope.userId, { scope });
    if (view === undefined) throw new Problem(unauthenticated, 'There is no such account any more');
    return view;
  }

  /**
   * Makes an account, unless the address has one already: then its holder is told by mail, and the caller nothing.
   * Both ways take the same steps.
   */
  async signUp(context: RequestContext, { email, password, name, locale }: SignUp): Promise<Accepted> {
    const { transact, userStore, passwords, now } = this.#deps;
    const passwordHash = await passwords.hash(password);
    const at = now();
    const user = {
      _id: newId(),
      email,
      name,
      passwordHash,
      role: 'user',
      emailVerifiedAt: null,
      locale: locale ?? null,
      phone: null,
      orderTextsSince: null,
      createdAt: at,
    } as const;
    const system = inSystem(context, 'sign-up');
    return transact(system, async (access) => {
      const { userId, isNew } = await userStore.insertIfNew(user, access);
      await this.#ask(system, isNew ? 'verify-email' : 'sign-up-repeated', userId, access);
      return ACCEPTED;
    });
  }

  /** Sends a new link to verify the address. One that is verified already gets it as well; it does no harm. */
  async resendVerification(context: UserContext): Promise<Accepted> {
    const system = inSystem(context, 'e-mail verification');
    return this.#deps.transact(system, async (access) => {
      await this.#ask(system, 'verify-email', context.scope.userId, access);
      return ACCEPTED;
    });
  }

  async verifyEmail(context: RequestContext, token: string): Promise<void> {
    const { transact, userStore, letters, links, now } = this.#deps;
    const letterId = links.open('verify-email', token) ?? refuseLink();
    const at = now();
    await transact(inSystem(context, 'e-mail verification'), async (access) => {
      const userId = (await letters.use(letterId, 'verify-email', at, access)) ?? refuseLink();
      await userStore.markVerified(userId, at, access);
    });
  }

  /** Sends a link to set a new password. For an address that is nobody's all is done but the sending. */
  async forgotPassword(context: RequestContext, email: string): Promise<Accepted> {
    const { transact, users } = this.#deps;
    const system = inSystem(context, 'password reset');
    return transact(system, async (access) => {
      const userId = await users.findIdByEmail(email, access);
      await this.#ask(system, 'reset-password', userId ?? null, access);
      return ACCEPTED;
    });
  }

  /** Sets a new password, ends every session, and lifts a lock: who reads the mail is who the account belongs to. */
  async resetPassword(context: RequestContext, { token, password }: ResetPassword): Promise<void> {
    const { transact, userStore, letters, sessions, attempts, watch, passwords, links, now } = this.#deps;
    const letterId = links.open('reset-password', token) ?? refuseLink();
    const passwordHash = await passwords.hash(password);
    const at = now();
    await transact(inSystem(context, 'password reset'), async (access) => {
      const userId = (await letters.use(letterId, 'reset-password', at, access)) ?? refuseLink();
      const email = (await userStore.resetPassword(userId, passwordHash, at, access)) ?? refuseLink();
      await letters.closeAllOf(userId, 'reset-password', at, access);
      await sessions.endAllOf(userId, at, access);
      await attempts.forget(email, access);
      afterCommit(access, () => {
        watch.forgetAll();
      });
    });
  }

  async #ask(
    context: RequestContext<SystemScope>,
    kind: LetterKind,
    userId: Id | null,
    access: TransactionAccess,
  ): Promise<void> {
    const { letters, appendEvent, now } = this.#deps;
    const at = now();
    const expiresAt = new Date(at.getTime() + LINK_MS[kind]);
    const letter = { _id: newId(), kind, userId, createdAt: at, expiresAt, usedAt: null };
    await letters.insert(letter, access);
    await appendEvent(context, letterRequested(letter._id), access);
  }
}

/** What an account needs before anybody is signed in to it, the platform does. */
function inSystem(context: RequestContext, reason: string): RequestContext<SystemScope> {
  return { ...context, scope: asSystem(reason).scope };
}

function refuseLink(): never {
  throw new Problem(linkNotValid, 'It was used, or is too old; ask for a new one');
}

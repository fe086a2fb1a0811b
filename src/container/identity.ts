import { AccountService } from '../features/identity/account.service.ts';
import { signInAttempts } from '../features/identity/attempt.model.ts';
import { AttemptStore } from '../features/identity/attempt.store.ts';
import { letters } from '../features/identity/letter.model.ts';
import { LetterReads } from '../features/identity/letter.reads.ts';
import { LetterStore } from '../features/identity/letter.store.ts';
import { phoneProofs } from '../features/identity/phone-proof.model.ts';
import { PhoneProofStore } from '../features/identity/phone-proof.store.ts';
import { PhoneService } from '../features/identity/phone.service.ts';
import { sessions } from '../features/identity/session.model.ts';
import { SessionReads } from '../features/identity/session.reads.ts';
import { SessionService } from '../features/identity/session.service.ts';
import { SessionStore } from '../features/identity/session.store.ts';
import { SessionWatch } from '../features/identity/session-watch.ts';
import { users } from '../features/identity/user.model.ts';
import { UserReads } from '../features/identity/user.reads.ts';
import { UserStore } from '../features/identity/user.store.ts';
import { AccessTokens } from '../platform/security/tokens.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';

/** Accounts and sessions. Who may call what depends on the stores as well, and so is known in `access.ts`. */
export function identityParts(parts: Parts, platform: Platform) {
  const { config, database, now, transact, appendEvent, passwords, links, codes, queue } = platform;
  const primary = () => database().primary;

  const userReads = parts.part(() => new UserReads(users.on(primary())));
  const userStore = parts.part(() => new UserStore(users.on(primary())));
  const sessionStore = parts.part(() => new SessionStore(sessions.on(primary())));
  const attempts = parts.part(() => new AttemptStore(signInAttempts.on(primary())));
  const watch = parts.part(() => new SessionWatch(new SessionReads(sessions.on(primary())), now));
  const tokens = parts.part(() => {
    const sessionWatch = watch();
    return new AccessTokens({ ...config.tokens, isRevoked: (token) => sessionWatch.isRevoked(token), now });
  });

  return {
    userReads,
    tokens,
    accountLetters: parts.part(() => new LetterReads(letters.on(primary()))),
    accounts: parts.part(
      () =>
        new AccountService({
          transact: transact(),
          appendEvent: appendEvent(),
          users: userReads(),
          userStore: userStore(),
          letters: new LetterStore(letters.on(primary())),
          sessions: sessionStore(),
          attempts: attempts(),
          watch: watch(),
          passwords: passwords(),
          links: links(),
          now,
        }),
    ),
    phones: parts.part(
      () =>
        new PhoneService({
          transact: transact(),
          appendEvent: appendEvent(),
          users: userReads(),
          userStore: userStore(),
          proofs: new PhoneProofStore(phoneProofs.on(primary())),
          codes: codes(),
          queue: queue(),
          now,
        }),
    ),
    sessions: parts.part(
      () =>
        new SessionService({
          users: userReads(),
          userStore: userStore(),
          sessions: sessionStore(),
          attempts: attempts(),
          watch: watch(),
          passwords: passwords(),
          tokens: tokens(),
          now,
        }),
    ),
  };
}

import request from 'supertest';
import type { Connection } from 'mongoose';
import { createApp } from '../src/app.ts';
import { AccountService } from '../src/features/identity/account.service.ts';
import { signInAttempts } from '../src/features/identity/attempt.model.ts';
import { AttemptStore } from '../src/features/identity/attempt.store.ts';
import { Authorizer } from '../src/features/identity/authorizer.ts';
import { identityCollections } from '../src/features/identity/collections.ts';
import { identityFeature } from '../src/features/identity/http.ts';
import { identitySubscriptions } from '../src/features/identity/index.ts';
import { identityJobs } from '../src/features/identity/jobs.ts';
import { letters } from '../src/features/identity/letter.model.ts';
import { LetterReads } from '../src/features/identity/letter.reads.ts';
import { LetterStore } from '../src/features/identity/letter.store.ts';
import { SessionWatch } from '../src/features/identity/session-watch.ts';
import { sessions } from '../src/features/identity/session.model.ts';
import { SessionReads } from '../src/features/identity/session.reads.ts';
import { SessionService } from '../src/features/identity/session.service.ts';
import { SessionStore } from '../src/features/identity/session.store.ts';
import { users } from '../src/features/identity/user.model.ts';
import { UserReads } from '../src/features/identity/user.reads.ts';
import { UserStore } from '../src/features/identity/user.store.ts';
import { merchantCollections } from '../src/features/merchants/collections.ts';
import { merchantsFeature } from '../src/features/merchants/http.ts';
import { merchantSubscriptions } from '../src/features/merchants/index.ts';
import { invitations } from '../src/features/merchants/invitation.model.ts';
import { InvitationReads } from '../src/features/merchants/invitation.reads.ts';
import { InvitationService } from '../src/features/merchants/invitation.service.ts';
import { InvitationStore } from '../src/features/merchants/invitation.store.ts';
import { merchantJobs } from '../src/features/merchants/jobs.ts';
import { MemberService } from '../src/features/merchants/member.service.ts';
import { memberships } from '../src/features/merchants/membership.model.ts';
import { MembershipReads } from '../src/features/merchants/membership.reads.ts';
import { MembershipStore } from '../src/features/merchants/membership.store.ts';
import { merchants } from '../src/features/merchants/merchant.model.ts';
import { MerchantReads } from '../src/features/merchants/merchant.reads.ts';
import { MerchantService } from '../src/features/merchants/merchant.service.ts';
import { MerchantStore } from '../src/features/merchants/merchant.store.ts';
import { uncached } from '../src/platform/cache/uncached.ts';
import { databaseProblems } from '../src/platform/database/failures.ts';
import { asSystem } from '../src/platform/database/scoped.ts';
import { mongoTransact } from '../src/platform/database/transaction.ts';
import type { Feature } from '../src/platform/http/endpoint.ts';
import type { Limiter } from '../src/platform/limits/limit.ts';
import type { Letter } from '../src/platform/mail/letter.ts';
import { HealthRegistry } from '../src/platform/observability/health.ts';
import { eventAppender, outbox, type OutboxRow } from '../src/platform/outbox/event.store.ts';
import { mergeSubscriptions } from '../src/platform/outbox/subscription.ts';
import type { JobHandler } from '../src/platform/queue/job.ts';
import { Cursors } from '../src/platform/security/cursors.ts';
import { LinkTokens } from '../src/platform/security/links.ts';
import { Passwords } from '../src/platform/security/passwords.ts';
import { AccessTokens } from '../src/platform/security/tokens.ts';
import { silent } from './environment/index.ts';

/** All that accounts and stores keep. */
export const accountCollections = [...identityCollections, ...merchantCollections, outbox];

export const SECRET = 'a-secret-of-more-than-thirty-two-characters';
export const TOKEN_RULES = { secret: SECRET, issuer: 'us', audience: 'api' };
export const PASSWORD = 'correct horse battery';

/** How much work was done that takes time. */
export interface Work {
  hashes: number;
}

export type AccountApp = ReturnType<typeof accountApp>;

/** The API of accounts and stores over a suite's database, with a clock to set and mails to read. */
export function accountApp(connection: Connection) {
  const clock = { now: new Date() };
  const now = () => clock.now;
  const work: Work = { hashes: 0 };
  const platform = {
    transact: mongoTransact(connection, () => Promise.resolve()),
    appendEvent: eventAppender({ events: outbox.on(connection), now, committed: () => undefined }),
    links: new LinkTokens({ secret: SECRET }),
    now,
  };
  const cursors = new Cursors(SECRET);
  const identity = identityParts(connection, platform, countedPasswords(work));
  const store = merchantParts(connection, platform, cursors, identity.users);
  const authorizer = new Authorizer({ ...identity, memberships: store.memberships });
  const features: readonly Feature[] = [identityFeature(identity), merchantsFeature(store)];

  const app = createApp(features, {
    edge: {
      authorize: (authorization, permission, merchant) => authorizer.authorize(authorization, permission, merchant),
      once: async (_context, _operationId, _input, act) => ({ result: await act(), replayed: false }),
      cache: uncached,
      limits: { limiter: unlimited, perAddress: 1, perTenant: 1, perUser: 1, perKey: 1 },
      strict: true,
    },
    health: new HealthRegistry(),
    logger: silent,
    http: { trustProxy: false, corsOrigins: [], slowRequestMs: 60_000 },
    problemPages: new URL('../docs/problems', import.meta.url).pathname,
    translations: [databaseProblems],
  });
  const mailbox = mailboxOf(connection, (sendOnce) => {
    const common = { users: identity.users, links: platform.links, publicUrl: 'https://shop.example', sendOnce, now };
    return [
      ...identityJobs({ ...common, letters: new LetterReads(letters.on(connection)) }),
      ...merchantJobs({ ...common, merchants: store.reads, invitations: store.invitationReads }),
    ];
  });
  return { app, http: () => request(app), features, clock, work, mailbox, identity, store };
}

type Platform = Readonly<Pick<AccountDepsOfAll, 'appendEvent' | 'links' | 'now' | 'transact'>>;
type AccountDepsOfAll = ConstructorParameters<typeof AccountService>[0] & { readonly links: LinkTokens };

function identityParts(connection: Connection, platform: Platform, passwords: Passwords) {
  const { now } = platform;
  const userReads = new UserReads(users.on(connection));
  const watch = new SessionWatch(new SessionReads(sessions.on(connection)), now);
  const tokens = new AccessTokens({ ...TOKEN_RULES, now, isRevoked: (token) => watch.isRevoked(token) });
  const deps = {
    ...platform,
    users: userReads,
    userStore: new UserStore(users.on(connection)),
    sessions: new SessionStore(sessions.on(connection)),
    attempts: new AttemptStore(signInAttempts.on(connection)),
    letters: new LetterStore(letters.on(connection)),
    watch,
    passwords,
    tokens,
  };
  return { users: userReads, tokens, watch, accounts: new AccountService(deps), sessions: new SessionService(deps) };
}

function merchantParts(connection: Connection, platform: Platform, cursors: Cursors, userReads: UserReads) {
  const reads = new MerchantReads(merchants.on(connection));
  const merchantStore = new MerchantStore(merchants.on(connection));
  const membershipReads = new MembershipReads(memberships.on(connection), cursors);
  const membershipStore = new MembershipStore(memberships.on(connection));
  const invitationReads = new InvitationReads(invitations.on(connection), cursors);
  const common = {
    ...platform,
    users: userReads,
    merchants: merchantStore,
    memberships: membershipReads,
    membershipStore,
  };
  return {
    reads,
    memberships: membershipReads,
    invitationReads,
    merchants: new MerchantService({ ...common, reads, store: merchantStore }),
    members: new MemberService({ ...common, store: membershipStore }),
    invitations: new InvitationService({
      ...common,
      store: new InvitationStore(invitations.on(connection)),
      reads: invitationReads,
    }),
  };
}

/** Cheap ones, or most of a run would go into them. */
function countedPasswords(work: Work): Passwords {
  class Counted extends Passwords {
    override hash(password: string): Promise<string> {
      work.hashes += 1;
      return super.hash(password);
    }
    override verify(stored: string | undefined, password: string): Promise<boolean> {
      work.hashes += 1;
      return super.verify(stored, password);
    }
  }
  return new Counted({ memoryKiB: 1_024, passes: 1 });
}

const unlimited: Limiter = {
  take: (rule) => Promise.resolve({ rule, allowed: true, remaining: rule.quota, resetSeconds: 1 }),
};

type SentLetter = Letter & { readonly to: string };
type SendOnce = (letter: SentLetter, effectId: string) => Promise<void>;

/** Carries out the jobs that follow from the outbox, and keeps what they send. */
function mailboxOf(connection: Connection, handlersFor: (sendOnce: SendOnce) => readonly JobHandler[]) {
  const sent = new Map<string, SentLetter>();
  const handlers = handlersFor((letter, effectId) => {
    sent.set(effectId, letter);
    return Promise.resolve();
  });
  const subscriptions = mergeSubscriptions(identitySubscriptions, merchantSubscriptions);
  const deliver = async (): Promise<void> => {
    const rows = await outbox
      .on(connection)
      .find({ state: 'pending', dueAt: { $gt: new Date(0) } }, null, asSystem('test'))
      .lean<OutboxRow[]>();
    for (const job of rows.flatMap((row) => subscriptions[row.type]?.jobs(row) ?? [])) {
      const handler = handlers.find(({ contract }) => contract.name === job.contract.name);
      await handler?.handle(job.contract.payload.parse(job.payload), AbortSignal.timeout(5_000));
    }
  };
  return {
    /** All letters to an address, the newest last. */
    async of(address: string): Promise<readonly SentLetter[]> {
      await deliver();
      return Array.from(sent.values()).filter(({ to }) => to === address);
    },
    /** The token in the newest letter to an address. */
    async tokenFor(address: string): Promise<string> {
      const letter = (await this.of(address)).at(-1);
      return /token=([\w-]+)/.exec(letter?.text ?? '')?.[1] ?? '';
    },
  };
}

let counter = 0;

/** An address that nobody has. */
export const newAddress = (): string => `user${String((counter += 1))}@example.com`;

/** Somebody who has signed up and in. */
export interface SignedIn {
  readonly email: string;
  readonly id: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly authorization: string;
}

export async function signUpAndIn({ http }: Pick<AccountApp, 'http'>, email = newAddress()): Promise<SignedIn> {
  await http().post('/api/auth/sign-up').send({ email, password: PASSWORD, name: 'Ada' }).expect(202);
  const signedIn = await http().post('/api/auth/sign-in').send({ email, password: PASSWORD }).expect(200);
  const { accessToken, refreshToken } = signedIn.body as { accessToken: string; refreshToken: string };
  const authorization = `Bearer ${accessToken}`;
  const me = await http().get('/api/me').set('Authorization', authorization).expect(200);
  return { email, id: (me.body as { id: string }).id, accessToken, refreshToken, authorization };
}

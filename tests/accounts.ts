import type { Connection } from 'mongoose';
import request from 'supertest';
import { featuresOf } from '../src/api.ts';
import { createApp } from '../src/app.ts';
import { loadConfig } from '../src/config/index.ts';
import { accessParts } from '../src/container/access.ts';
import { analyticsParts } from '../src/container/analytics.ts';
import { auditParts } from '../src/container/audit.ts';
import { catalogParts } from '../src/container/catalog.ts';
import { deadLetterParts } from '../src/container/dead-letters.ts';
import { identityParts } from '../src/container/identity.ts';
import { maintenanceParts } from '../src/container/maintenance.ts';
import { merchantParts } from '../src/container/merchants.ts';
import { orderParts } from '../src/container/orders.ts';
import { Parts } from '../src/container/parts.ts';
import { platformParts, type Platform } from '../src/container/platform.ts';
import { reportParts } from '../src/container/reports.ts';
import { smsParts } from '../src/container/sms.ts';
import { schedulingParts } from '../src/container/scheduling.ts';
import { stockParts } from '../src/container/stock.ts';
import { subscriptions } from '../src/container/subscriptions.ts';
import { AuditLog, recordChanges } from '../src/features/audit/audit.log.ts';
import { auditEntries } from '../src/features/audit/audit.model.ts';
import { identityJobs } from '../src/features/identity/jobs.ts';
import type { PlatformRole } from '../src/features/identity/roles.ts';
import { users } from '../src/features/identity/user.model.ts';
import { merchantJobs } from '../src/features/merchants/jobs.ts';
import type { Cache } from '../src/platform/cache/cache.ts';
import { uncached } from '../src/platform/cache/uncached.ts';
import { databaseProblems } from '../src/platform/database/failures.ts';
import { asSystem } from '../src/platform/database/scoped.ts';
import { mongoTransact, type Transact } from '../src/platform/database/transaction.ts';
import type { Feature } from '../src/platform/http/endpoint.ts';
import type { RequestLimits } from '../src/platform/http/limits.ts';
import type { Limiter } from '../src/platform/limits/limit.ts';
import type { Letter } from '../src/platform/mail/letter.ts';
import { HealthRegistry } from '../src/platform/observability/health.ts';
import type { Logger } from '../src/platform/observability/logger.ts';
import type { EventRow } from '../src/platform/outbox/event.ts';
import { eventAppender, outbox, type OutboxRow } from '../src/platform/outbox/event.store.ts';
import type { Subscriptions } from '../src/platform/outbox/subscription.ts';
import type { JobHandler } from '../src/platform/queue/job.ts';
import type { Outlets } from '../src/platform/queue/outlets.ts';
import { QueueService } from '../src/platform/queue/queue.service.ts';
import { Passwords } from '../src/platform/security/passwords.ts';
import { Id } from '../src/shared/ids.ts';
import { silent, type TestDatabase } from './environment/index.ts';
import { noOutlets } from './outlets.ts';

export const SECRET = 'a-secret-of-more-than-thirty-two-characters';
export const TOKEN_RULES = { secret: SECRET, issuer: 'us', audience: 'api' };
export const PASSWORD = 'correct horse battery';

const ENVIRONMENT = {
  NODE_ENV: 'test',
  JWT_SECRET: SECRET,
  JWT_ISSUER: TOKEN_RULES.issuer,
  JWT_AUDIENCE: TOKEN_RULES.audience,
  CACHE_ENABLED: 'false',
};

/** How much work was done that takes time. */
export interface Work {
  hashes: number;
}

export type AccountApp = ReturnType<typeof accountApp>;

export interface AccountAppOptions {
  readonly logger?: Logger;
  readonly limits?: RequestLimits;
  /** Nothing is kept unless one is given; changes then end what they must, as in production. */
  readonly cache?: Cache;
  /** In place of the database's transactions. */
  readonly transact?: Transact;
}

/** The API of accounts and stores over a suite's database, with a clock to set and mails to read. */
export function accountApp({ database }: TestDatabase, options: AccountAppOptions = {}) {
  const [clock, work]: [{ now: Date }, Work] = [{ now: new Date() }, { hashes: 0 }];
  const now = () => clock.now;
  const { primary } = database;
  const { cache = uncached } = options;
  const committed = (event: EventRow) => cache.invalidate(subscriptions[event.type]?.tags(event) ?? []);
  const auditLog = new AuditLog({ entries: auditEntries.on(primary), now });
  const record = recordChanges(auditLog);
  const passwords = countedPasswords(work);
  const parts = new Parts();
  // Wired as in production, but for what a test must see or set.
  const platform = {
    ...platformParts(parts, loadConfig(ENVIRONMENT), 'test', () => outlets),
    database: () => database,
    transact: () => options.transact ?? mongoTransact(primary, () => Promise.resolve()),
    appendEvent: () => eventAppender({ events: outbox.on(primary), now, committed, record }),
    auditLog: () => auditLog,
    passwords: () => passwords,
    queue: (): QueueService => queueOf(platform, outlets),
    cache: () => cache,
    now,
  };
  const { sms } = smsParts(parts, platform);
  const outlets: Outlets = { ...noOutlets, sendSMS: (message, within) => sms().request(message, within) };
  const audit = auditParts(parts, platform);
  const identity = identityParts(parts, platform);
  const store = merchantParts(parts, platform, identity);
  const access = accessParts(parts, platform, { ...identity, ...store });
  const catalog = catalogParts(parts, platform, store);
  const stock = stockParts(parts, platform);
  const orders = orderParts(parts, platform, { ...identity, ...store, ...catalog, ...stock });
  const analytics = analyticsParts(parts, platform, { ...store, ...catalog });
  const maintenance = maintenanceParts(parts, platform, { ...audit, ...orders, ...analytics });
  const reports = reportParts(parts, platform, { ...identity, ...store, ...orders });
  const features = featuresOf({
    ...platform,
    ...audit,
    ...identity,
    ...store,
    ...access,
    ...catalog,
    ...stock,
    ...orders,
    ...analytics,
    ...maintenance,
    ...reports,
    ...operatorParts(parts, platform),
  });
  const mailbox = mailboxOf(primary, (sendOnce) => {
    const links = { links: platform.links(), publicUrl: 'https://shop.example' };
    const common = { ...links, users: identity.userReads(), sendOnce, now };

    return [
      ...identityJobs({ ...common, letters: identity.accountLetters() }),
      ...merchantJobs({ ...common, merchants: store.merchantReads(), invitations: store.invitationReads() }),
    ];
  });
  const appWith = (mounted: readonly Feature[]) => appOf(mounted, access.authorizer(), options);
  const app = appWith(features);
  const phones = identity.phones();
  return { http: () => request(app), appWith, features, clock, work, mailbox, phones };
}

/** Asked for messages, which it leaves to the outbox: it need not connect, and never does. */
function queueOf({ queueSettings, transact, appendEvent, mailStore, now }: Platform, outlets: Outlets): QueueService {
  const writing = { transact: transact(), appendEvent: appendEvent(), mails: mailStore() };
  return new QueueService({ ...queueSettings, ...writing, outlets, now });
}

function operatorParts(parts: Parts, platform: Platform) {
  const deadLetters = deadLetterParts(parts, platform);
  return { ...deadLetters, ...schedulingParts(parts, platform, deadLetters) };
}

type Authorizer = ReturnType<ReturnType<typeof accessParts>['authorizer']>;

function appOf(
  features: readonly Feature[],
  authorizer: Authorizer,
  { logger = silent, limits = NO_LIMITS, cache = uncached }: AccountAppOptions,
) {
  return createApp(features, {
    edge: {
      authorize: (authorization, permission, merchant) => authorizer.authorize(authorization, permission, merchant),
      once: async (_context, _operationId, _input, act) => ({ result: await act(), replayed: false }),
      cache,
      limits,
      strict: true,
    },
    health: new HealthRegistry(),
    logger,
    http: { trustProxy: false, corsOrigins: [], slowRequestMs: 60_000 },
    problemPages: new URL('../docs/problems', import.meta.url).pathname,
    translations: [databaseProblems],
  });
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
const NO_LIMITS: RequestLimits = { limiter: unlimited, perAddress: 1, perTenant: 1, perUser: 1, perKey: 1 };

type SentLetter = Letter & { readonly to: string };
type SendOnce = (letter: SentLetter, effectId: string) => Promise<void>;

/** Carries out the jobs that follow from the outbox, and keeps what they send. */
function mailboxOf(connection: Connection, handlersFor: (sendOnce: SendOnce) => readonly JobHandler[]) {
  const sent = new Map<string, SentLetter>();
  const handlers = handlersFor((letter, effectId) => {
    sent.set(effectId, letter);
    return Promise.resolve();
  });
  const follow: Subscriptions = subscriptions;
  const deliver = async (): Promise<void> => {
    const rows = await outbox
      .on(connection)
      .find({ state: 'pending', dueAt: { $gt: new Date(0) } }, null, asSystem('test'))
      .lean<OutboxRow[]>();
    for (const job of rows.flatMap((row) => follow[row.type]?.jobs(row) ?? [])) {
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

/** Somebody who works for the platform. */
export async function employ(app: Pick<AccountApp, 'http'>, connection: Connection, role: PlatformRole) {
  const employed = await signUpAndIn(app);
  await users.on(connection).updateOne({ _id: Id.decode(employed.id) }, { $set: { role } }, asSystem('test'));
  return employed;
}

export async function signUpAndIn({ http }: Pick<AccountApp, 'http'>, email = newAddress()): Promise<SignedIn> {
  await http().post('/api/auth/sign-up').send({ email, password: PASSWORD, name: 'Ada' }).expect(202);
  const signedIn = await http().post('/api/auth/sign-in').send({ email, password: PASSWORD }).expect(200);
  const { accessToken, refreshToken } = signedIn.body as { accessToken: string; refreshToken: string };
  const authorization = `Bearer ${accessToken}`;
  const me = await http().get('/api/me').set('Authorization', authorization).expect(200);
  return { email, id: (me.body as { id: string }).id, accessToken, refreshToken, authorization };
}

import type { Transact, TransactionAccess } from '../../platform/database/transaction.ts';
import { lookOf, type Sender } from '../../platform/mail/brand.ts';
import type { MailToSend } from '../../platform/mail/mail.store.ts';
import { jobHandler, type JobHandler } from '../../platform/queue/job.ts';
import type { Within } from '../../platform/queue/outlets.ts';
import type { Id } from '../../shared/ids.ts';
import type { MerchantScope } from '../../shared/scope.ts';
import type { Now } from '../../shared/time.ts';
import { checkLowStock } from './low-stock.jobs.ts';
import { lowStockLetter } from './low-stock.letter.ts';
import type { StockReads, WatchedLevel } from './stock.reads.ts';
import type { StockStore } from './stock.store.ts';

/** Somebody of a store who is to be told. */
export interface AlertReader {
  readonly name: string;
  readonly email: string;
  readonly locale: string | null;
  /** Ends these mails to this reader. */
  readonly unsubscribeUrl: string;
}

export interface LowStockDeps {
  readonly transact: Transact;
  readonly reads: Pick<StockReads, 'findWatched'>;
  readonly store: Pick<StockStore, 'markAlerted' | 'rearm'>;
  readonly stores: {
    findStore(merchantId: Id): Promise<Sender | undefined>;
  };
  readonly staff: { findAlerted(merchantId: Id): Promise<readonly AlertReader[]> };
  readonly sendEmail: (mail: MailToSend, within: Within) => Promise<unknown>;
  readonly now: Now;
}

/** For the `stock` worker: the store's people hear once of each level that runs low, until it was filled up. */
export const lowStockJobs = (deps: LowStockDeps): readonly JobHandler[] => [
  jobHandler({
    contract: checkLowStock,
    async handle({ merchantId, skus }) {
      const scope = { kind: 'merchant', merchantId } as const;
      const levels = await deps.reads.findWatched(skus, { scope });
      const [low, enough] = [levels.filter(isLow), levels.filter((level) => !isLow(level))];
      for (const level of enough.filter(wasAlerted)) await deps.store.rearm(level, { scope });
      const news = low.filter((level) => !wasAlerted(level));
      if (news.length > 0) await alert(deps, scope, news);
    },
  }),
];

const isLow = ({ available, lowStockAt }: WatchedLevel): boolean => available <= lowStockAt;
const wasAlerted = ({ alertedAt }: WatchedLevel): boolean => (alertedAt ?? null) !== null;

async function alert(deps: LowStockDeps, scope: MerchantScope, news: readonly WatchedLevel[]): Promise<void> {
  const store = await deps.stores.findStore(scope.merchantId);
  const readers = await deps.staff.findAlerted(scope.merchantId);
  if (store === undefined || readers.length === 0) return;
  // Told and noted together: an attempt that is repeated finds it noted.
  await deps.transact({ scope }, async (access) => {
    const levels = await noted(deps, news, access);
    if (levels.length === 0) return;
    for (const reader of readers) {
      const { unsubscribeUrl } = reader;
      const look = lookOf(store, reader.locale);
      const { subject, text, html } = lowStockLetter({ look, readerName: reader.name, levels, unsubscribeUrl });
      const mail = { to: reader.email, subject, body: text, html, unsubscribeUrl };
      await deps.sendEmail(mail, { context: { scope }, access });
    }
  });
}

/** One that has changed since it was read has a job of its own. */
async function noted({ store, now }: LowStockDeps, news: readonly WatchedLevel[], access: TransactionAccess) {
  const levels: WatchedLevel[] = [];
  for (const level of news) if (await store.markAlerted(level, now(), access)) levels.push(level);
  return levels;
}

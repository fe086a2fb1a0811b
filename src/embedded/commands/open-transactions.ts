import type { Collection } from '../catalog/collection.ts';
import { HeldByTransaction } from '../storage/view.ts';
import type { Transaction } from '../transactions/transaction.ts';
import type { CommandContext, Services } from './context.ts';

/** The transactions that have neither been committed nor aborted. */
export function openTransactions({ sessions }: Pick<Services, 'sessions'>): Transaction[] {
  const bodies = [...sessions.all()].map(({ transaction }) => transaction?.body);
  return bodies.filter((body): body is Transaction => body?.state === 'open');
}

/** Those of them that have changed documents of the collection. */
export function transactionsOn(services: Pick<Services, 'sessions'>, { tree }: Collection): Transaction[] {
  return openTransactions(services).filter((transaction) => transaction.hasChanged(tree));
}

/**
 * To be called before a collection or an index is taken away or renamed, in the same turn: what transactions wrote would
 * end up nowhere.
 * @throws HeldByTransaction for the first that has to end before
 */
export function refuseHeld(services: Pick<Services, 'sessions'>, collection: Collection): void {
  const [transaction] = transactionsOn(services, collection);
  if (transaction !== undefined) throw new HeldByTransaction(transaction.ended);
}

/** Waits for these transactions, except for the command's own. */
export async function ended(
  { operation, transaction: own }: CommandContext,
  transactions: readonly Transaction[],
): Promise<void> {
  for (const transaction of transactions) if (transaction !== own) await operation.waitFor(transaction.ended);
}

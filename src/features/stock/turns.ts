import { tooContended } from '../../platform/database/failures.ts';
import type { Id } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import { outOfStock, tooFew } from './stock.problems.ts';
import type { Quantity } from './stock.store.ts';

/** How much somebody buys of what lies at a place; 0 for the store's own people, who find out for themselves. */
export interface Claim extends Quantity {
  readonly merchantId: Id;
  readonly locationId: Id;
}

interface Waiter {
  readonly claim: Claim;
  /** Counts those who come. */
  readonly number: number;
  readonly admit: (turn: undefined) => void;
  readonly refuse: (problem: Problem) => void;
}

/**
 * Lets those who want the same take turns within this process. The database alone would let all of them begin, and
 * all but one begin again: with hundreds of buyers of one SKU most of the work would be repetition. Other processes
 * are still rivals, few enough for the database to settle.
 */
export class Turns {
  /** Who waits for what, behind the one whose turn it is. */
  readonly #lines = new Map<string, Set<Waiter>>();
  #came = 0;

  /**
   * Runs `work` when no earlier caller has the turn for one of the claims any more; the claims must be in one order for
   * all callers. When `work` finds too little there, so do all who buy as much and were waiting when it began: it looked
   * after they had come.
   * @param deadlineAt in milliseconds since 1970
   * @throws Problem `too-contended` when the turn has not come by then, and what `work` throws
   */
  async inTurn<T>(claims: readonly Claim[], deadlineAt: number, work: () => Promise<T>): Promise<T> {
    const entered: Claim[] = [];
    try {
      for (const claim of claims) {
        await this.#enter(claim, deadlineAt);
        entered.push(claim);
      }
      return await this.#sharingRefusal(claims, work);
    } finally {
      for (const claim of entered) this.#leave(placeOf(claim));
    }
  }

  async #sharingRefusal<T>(claims: readonly Claim[], work: () => Promise<T>): Promise<T> {
    const came = this.#came;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== outOfStock) throw error;
      const missing = claims.find(({ sku, quantity }) => sku === error.details.sku && quantity > 0);
      if (missing !== undefined) this.#refuse(missing, came);
      throw error;
    }
  }

  async #enter(claim: Claim, deadlineAt: number): Promise<void> {
    const place = placeOf(claim);
    const number = (this.#came += 1);
    const line = this.#lines.get(place);
    if (line === undefined) {
      this.#lines.set(place, new Set());
      return;
    }
    const { promise: turn, resolve: admit, reject: refuse } = Promise.withResolvers<undefined>();
    const waiter: Waiter = { claim, number, admit, refuse };
    line.add(waiter);
    const giveUp = (): void => {
      line.delete(waiter);
      refuse(tooLate());
    };
    const timer = setTimeout(giveUp, Math.max(0, deadlineAt - Date.now()));
    await turn.finally(() => {
      clearTimeout(timer);
    });
  }

  #leave(place: string): void {
    const line = this.#lines.get(place) ?? new Set();
    const [next] = line;
    if (next === undefined) {
      this.#lines.delete(place);
      return;
    }
    line.delete(next);
    next.admit(undefined);
  }

  #refuse(missing: Claim, came: number): void {
    const line = this.#lines.get(placeOf(missing)) ?? new Set();
    for (const waiter of line) {
      const { sku, quantity } = waiter.claim;
      if (waiter.number > came || quantity < missing.quantity) continue;
      line.delete(waiter);
      waiter.refuse(tooFew(sku, quantity));
    }
  }
}

const placeOf = ({ merchantId, locationId, sku }: Claim): string => JSON.stringify([merchantId, locationId, sku]);

const tooLate = (): Problem =>
  new Problem(tooContended, 'Others buy the same, and your turn did not come in time', { retryAfterSeconds: 1 });

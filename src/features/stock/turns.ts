import { tooContended } from '../../platform/database/failures.ts';
import { Problem } from '../../shared/problem.ts';
import { outOfStock } from './stock.problems.ts';
import type { Quantity } from './stock.store.ts';

/** How much somebody wants; `place` names what, among all that is sold. */
export interface Claim extends Quantity {
  readonly place: string;
}

interface Waiter {
  readonly quantity: number;
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
   * all callers. When `work` finds too little there, so do all who want as much and were waiting when it began: it looked
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
      for (const { place } of entered) this.#leave(place);
    }
  }

  async #sharingRefusal<T>(claims: readonly Claim[], work: () => Promise<T>): Promise<T> {
    const came = this.#came;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== outOfStock) throw error;
      const missing = claims.find(({ sku }) => sku === error.details.sku);
      if (missing !== undefined) this.#refuse(missing, came, error);
      throw error;
    }
  }

  async #enter({ place, quantity }: Claim, deadlineAt: number): Promise<void> {
    const number = (this.#came += 1);
    const line = this.#lines.get(place);
    if (line === undefined) {
      this.#lines.set(place, new Set());
      return;
    }
    const { promise: turn, resolve: admit, reject: refuse } = Promise.withResolvers<undefined>();
    const waiter: Waiter = { quantity, number, admit, refuse };
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

  #refuse({ place, quantity }: Claim, came: number, problem: Problem): void {
    const line = this.#lines.get(place) ?? new Set();
    for (const waiter of line) {
      if (waiter.number > came || waiter.quantity < quantity) continue;
      line.delete(waiter);
      waiter.refuse(problem);
    }
  }
}

const tooLate = (): Problem =>
  new Problem(tooContended, 'Others buy the same, and your turn did not come in time', { retryAfterSeconds: 1 });

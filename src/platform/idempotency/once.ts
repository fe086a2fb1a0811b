import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomUUID } from 'node:crypto';
import { Problem, type ProblemKind } from '../../shared/problem.ts';
import type { Actor, RequestContext, Scope } from '../../shared/scope.ts';
import { DAY_MS, SECOND_MS, type Now } from '../../shared/time.ts';
import type { ScopedModel } from '../database/collection.ts';
import { duplicateKey } from '../database/failures.ts';
import { asSystem } from '../database/scoped.ts';
import type { KeepAnswer } from '../database/transaction.ts';
import type { KeptAnswer } from './answer.store.ts';

export const requestInProgress: ProblemKind = {
  code: 'request-in-progress',
  status: 409,
  title: 'The same request is being worked on',
};
export const keyReused: ProblemKind = {
  code: 'idempotency-key-reused',
  status: 422,
  title: 'Idempotency-Key was used for something else',
};

const KEPT_MS = DAY_MS;
const LOCK_MS = 30 * SECOND_MS;
// Beyond the request's own deadline, so that nobody takes over what may still commit.
const MARGIN_MS = 5 * SECOND_MS;

const access = asSystem('idempotency');

export interface OnceAnswer {
  readonly result: unknown;
  readonly replayed: boolean;
}

interface Held {
  readonly id: string;
  readonly holder: string;
  /** What was kept by the transaction, if one has run. */
  kept: string | undefined;
}

export interface IdempotencyDeps {
  readonly answers: ScopedModel<KeptAnswer>;
  readonly now: Now;
}

/**
 * Does what a request asks once per tenant, actor, route and key, and afterwards replays its answer. The lock is
 * inserted first, so that of two requests at once one is refused; the answer is kept by the transaction it is the
 * answer of, so that no crash parts the two.
 */
export class Idempotency {
  readonly #deps: IdempotencyDeps;
  readonly #held = new AsyncLocalStorage<Held>();

  constructor(deps: IdempotencyDeps) {
    this.#deps = deps;
  }

  /** @throws Problem `request-in-progress`, `idempotency-key-reused`, and whatever `work` throws */
  async once(
    context: RequestContext,
    operationId: string,
    input: unknown,
    work: () => Promise<unknown>,
  ): Promise<OnceAnswer> {
    const claim = this.#claimOf(context, operationId, input);
    const found = await this.#lock(claim);
    if (found !== undefined) return { result: (JSON.parse(found) ?? undefined) as unknown, replayed: true };

    const held: Held = { id: claim._id, holder: claim.holder, kept: undefined };
    try {
      const result = await this.#held.run(held, work);
      // A handler may add to what its transaction kept, or do without one.
      const answer = textOf(result);
      if (answer !== held.kept) await this.#answers.updateOne(mine(held), { $set: { answer } }, access);
      return { result, replayed: false };
    } catch (error) {
      // Nothing was done, so that the same may be asked again. An answer kept by a commit whose reply got lost stays.
      await this.#answers.deleteOne({ ...mine(held), answer: null }, access).catch(() => undefined);
      throw error;
    }
  }

  /** Part of every transaction; does nothing outside of an idempotent request. */
  readonly keepAnswer: KeepAnswer = async (answer, { session }) => {
    const held = this.#held.getStore();
    if (held === undefined) return;
    const kept = textOf(answer);
    const inSession = asSystem('idempotency', session);
    const { matchedCount } = await this.#answers.updateOne(mine(held), { $set: { answer: kept } }, inSession);
    // Taken over by a repetition of the request, which does the work instead.
    if (matchedCount === 0) throw inProgress();
    held.kept = kept;
  };

  get #answers(): ScopedModel<KeptAnswer> {
    return this.#deps.answers;
  }

  #claimOf(context: RequestContext, operationId: string, input: unknown): KeptAnswer {
    const now = this.#deps.now().getTime();
    const doneBy = Number.isFinite(context.deadlineAt) ? context.deadlineAt : now + LOCK_MS;
    const identity = [tenantOf(context.scope), actorOf(context.actor), operationId, context.idempotencyKey];
    return {
      _id: hash(identity),
      fingerprint: hash(input),
      holder: randomUUID(),
      lockedUntil: new Date(Math.max(doneBy, now) + MARGIN_MS),
      answer: null,
      expiresAt: new Date(now + KEPT_MS),
    };
  }

  /** @returns the answer kept from before, or undefined when the lock is ours */
  async #lock(claim: KeptAnswer): Promise<string | undefined> {
    try {
      await this.#answers.create([claim], access);
      return undefined;
    } catch (error) {
      if (duplicateKey(error) === undefined) throw error;
    }
    const found = await this.#answers.findOne({ _id: claim._id }, null, access).lean<KeptAnswer>();
    // Given up by its holder between the two.
    if (found === null) throw inProgress();
    const now = this.#deps.now();
    const expired = found.expiresAt <= now;
    if (!expired && found.fingerprint !== claim.fingerprint) {
      throw new Problem(keyReused, 'This key was sent with another body, path or query');
    }
    if (!expired && found.answer !== null) return found.answer;
    if (!expired && found.lockedUntil > now) throw inProgress();
    await this.#takeOver(found, claim);
    return undefined;
  }

  /** Of several that find a dead holder one goes on. */
  async #takeOver({ _id, holder }: KeptAnswer, claim: KeptAnswer): Promise<void> {
    const { modifiedCount } = await this.#answers.updateOne({ _id, holder }, { $set: claim }, access);
    if (modifiedCount === 0) throw inProgress();
  }
}

const mine = ({ id, holder }: Held) => ({ _id: id, holder });

// An endpoint without a body answers undefined, which JSON does not have.
const textOf = (answer: unknown): string => JSON.stringify(answer ?? null);

const inProgress = (): Problem =>
  new Problem(requestInProgress, 'A request with this key is not done yet', { retryAfterSeconds: 1 });

const hash = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('base64url');

function tenantOf(scope: Scope): string {
  if (scope.kind === 'merchant') return `merchant:${scope.merchantId.toHexString()}`;
  if (scope.kind === 'user') return `user:${scope.userId.toHexString()}`;
  return scope.kind;
}

const actorOf = (actor: Actor): string =>
  actor.kind === 'anonymous' ? actor.kind : `${actor.kind}:${actor.id.toHexString()}`;

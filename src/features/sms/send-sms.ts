import { PutOff } from '../../platform/queue/job.ts';
import { untilNoted } from '../../platform/queue/noted.ts';
import type { Breaker } from '../../platform/resilience/breaker.ts';
import { OPTED_OUT } from '../../platform/sms/opt-out.ts';
import { SmsNotTaken, SmsRefused, type SmsProvider } from '../../platform/sms/provider.ts';
import { Id } from '../../shared/ids.ts';
import { DAY_MS, SECOND_MS, type Now } from '../../shared/time.ts';
import type { OptOuts } from './opt-outs.ts';
import type { SmsCaps } from './sms.caps.ts';
import type { TextMessage } from './sms.model.ts';
import type { SmsStore } from './sms.store.ts';

export interface SendSmsDeps {
  readonly store: Pick<
    SmsStore,
    'findKnown' | 'findToSend' | 'markAttempted' | 'markCounted' | 'markFailed' | 'markTaken'
  >;
  readonly caps: Pick<SmsCaps, 'take'>;
  readonly provider: SmsProvider;
  readonly breaker: Pick<Breaker, 'run'>;
  readonly optOuts: OptOuts;
  /** Where the provider is to report; the message's id is appended. */
  readonly receiptsUrl: string;
  readonly now: Now;
}

/** News of yesterday helps nobody. */
const USEFUL_MS = DAY_MS;

const TRY_AGAIN_MS = 10 * SECOND_MS;

/**
 * Hands a message to the provider. Providers know no idempotency key, so that an attempt whose answer was lost may have
 * been taken: before another one the provider's list is searched for it, and a receipt that came in between tells it as
 * well. What is left is a message that the provider takes and shows nobody for longer than the pause between attempts.
 * @throws PutOff when it was certainly not taken and may be later; anything else when nobody knows
 */
export async function sendMessage(deps: SendSmsDeps, smsId: Id, signal: AbortSignal): Promise<void> {
  const { store, now } = deps;
  const message = await store.findToSend(smsId);
  // Sent already, refused, or erased in the meantime.
  if (message === undefined) return;
  if (await isFoundAtProvider(deps, message, signal)) return;
  const objection = await objectionTo(deps, message);
  if (objection !== undefined) {
    await store.markFailed(smsId, objection, now());
    return;
  }
  await handOver(deps, message, signal);
}

/** Why a message must not be sent. */
async function objectionTo({ store, caps, now }: SendSmsDeps, message: TextMessage): Promise<string | undefined> {
  const at = now();
  if (at.getTime() - message.requestedAt.getTime() > USEFUL_MS) return 'too-late';
  if (message.countedAt !== null) return undefined;
  const cap = await caps.take(message);
  if (cap === undefined) await store.markCounted(message._id, at);
  return cap;
}

async function isFoundAtProvider(deps: SendSmsDeps, message: TextMessage, signal: AbortSignal): Promise<boolean> {
  const { store, provider, breaker, now } = deps;
  const { _id, attemptedAt, to } = message;
  if (attemptedAt === null) return false;
  const text = message.text ?? '';
  const found = await breaker.run(() => provider.findSent({ to, text }, attemptedAt, signal)).catch(laterIfNotTaken);
  const known = await store.findKnown(found);
  // The same text to the same number, asked for twice, is two messages.
  const lost = found.find((providerId) => !known.has(providerId));
  if (lost === undefined) return false;
  await store.markTaken(_id, { providerId: lost, state: provider.taken }, now());
  return true;
}

async function handOver(deps: SendSmsDeps, message: TextMessage, signal: AbortSignal): Promise<void> {
  const { store, provider, breaker, receiptsUrl, now } = deps;
  const { _id, to, attemptedAt } = message;
  const outgoing = { to, text: message.text ?? '', receiptUrl: `${receiptsUrl}/${Id.encode(_id)}` };
  if (attemptedAt === null) await store.markAttempted(_id, now());
  try {
    const providerId = await breaker.run(() => provider.send(outgoing, signal));
    // It is theirs: were that forgotten, the next attempt would depend on their list to show it.
    await untilNoted(() => store.markTaken(_id, { providerId, state: provider.taken }, now()));
  } catch (error) {
    if (error instanceof SmsRefused) {
      if (error.code === OPTED_OUT) await deps.optOuts.endTextsTo(to);
      await store.markFailed(_id, error.code, now());
      return;
    }
    // Of an earlier attempt it still is not known.
    const isCertain = attemptedAt === null && (error instanceof PutOff || error instanceof SmsNotTaken);
    if (isCertain) await store.markAttempted(_id, null);
    laterIfNotTaken(error);
  }
}

function laterIfNotTaken(error: unknown): never {
  if (!(error instanceof SmsNotTaken)) throw error;
  throw new PutOff(error.message, error.retryAfterMs ?? TRY_AGAIN_MS, { cause: error });
}

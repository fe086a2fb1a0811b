import { asSystem, type Access } from '../../platform/database/scoped.ts';
import type { Transact, TransactionAccess } from '../../platform/database/transaction.ts';
import { unauthenticated } from '../../platform/http/problems.ts';
import type { AppendEvent, EventContext } from '../../platform/outbox/event.ts';
import type { QueueService } from '../../platform/queue/queue.service.ts';
import type { OneTimeCodes } from '../../platform/security/one-time-codes.ts';
import { phoneNumberOf } from '../../platform/sms/phone.ts';
import { Id } from '../../shared/ids.ts';
import { localeOf } from '../../shared/locale.ts';
import { Problem } from '../../shared/problem.ts';
import type { UserContext } from '../../shared/scope.ts';
import { MINUTE_MS, type Now } from '../../shared/time.ts';
import { phoneNotValid } from '../sms/index.ts';
import { codeNotValid, emailNotVerified, phoneNotProven } from './identity.problems.ts';
import type { CodeSent } from './phone.schema.ts';
import { phoneChanged, type PhoneChanged } from './phone.events.ts';
import { codeText } from './phone.texts.ts';
import type { PhoneProofStore } from './phone-proof.store.ts';
import type { UserReads } from './user.reads.ts';
import type { UserStore } from './user.store.ts';

export interface PhoneDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly users: Pick<UserReads, 'findIdsWithTextsTo' | 'findReader'>;
  readonly userStore: Pick<UserStore, 'removePhone' | 'setOrderTexts' | 'setPhone'>;
  readonly proofs: Pick<PhoneProofStore, 'begin' | 'countTry' | 'end' | 'remove'>;
  readonly codes: Pick<OneTimeCodes, 'digestOf' | 'matches' | 'newCode'>;
  readonly queue: Pick<QueueService, 'sendSMS'>;
  readonly now: Now;
}

const CODE_MS = 10 * MINUTE_MS;
/** With five codes an hour, at most, one guess in 40,000 hits within an hour. */
const TRIES = 5;

/** Somebody's phone number, and whether they want text messages about their orders there. */
export class PhoneService {
  readonly #deps: PhoneDeps;

  constructor(deps: PhoneDeps) {
    this.#deps = deps;
  }

  /**
   * Sends a code to a number. The number that was proven before stays until the code is typed. Only to those whose mail
   * address is known: text messages cost money, and accounts nothing.
   */
  async ask(context: UserContext, text: string): Promise<CodeSent> {
    const { transact, users, proofs, codes, queue, now } = this.#deps;
    const number = (await phoneNumberOf(text)) ?? refuseNumber();
    const { userId } = context.scope;
    const code = codes.newCode();
    const expiresAt = new Date(now().getTime() + CODE_MS);
    const codeDigest = codes.digestOf(purposeOf(userId, number), code);
    return transact(context, async (access) => {
      const reader = await users.findReader(userId, access);
      if (reader === undefined) throw new Problem(unauthenticated, 'There is no such account any more');
      if (reader.emailVerifiedAt === null) throw new Problem(emailNotVerified, 'Follow the link in the mail first');
      await proofs.begin({ _id: userId, number, codeDigest, triesLeft: TRIES, expiresAt }, inSystem(access));
      const message = codeText(code, localeOf(reader.locale, context.language));
      await queue.sendSMS({ to: number, text: message, reference: 'phone-code' }, { context, access });
      return { next: 'enter-the-code', expiresAt: expiresAt.toISOString() };
    });
  }

  /** Takes the number as theirs if the code is right. Another number than before begins without messages about orders. */
  async prove(context: UserContext, code: string): Promise<void> {
    const { transact, userStore, proofs, codes, now } = this.#deps;
    const { userId } = context.scope;
    // Outside of the transaction: a wrong code must count, although it ends in a refusal.
    const proof = (await proofs.countTry(userId, now(), asSystem('phone number'))) ?? refuseCode();
    const { number, codeDigest } = proof;
    if (!codes.matches(codeDigest, purposeOf(userId, number), code)) refuseCode();
    await transact(context, async (access) => {
      if (!(await proofs.end(proof, inSystem(access)))) refuseCode();
      await userStore.setPhone(userId, number, access);
      await this.#note(context, 'account.phone-changed', userId, { phone: number }, access);
    });
  }

  /** Forgets the number, and a code that would prove another. Texts that were asked for before still go to it. */
  async remove(context: UserContext): Promise<void> {
    const { transact, userStore, proofs } = this.#deps;
    const { userId } = context.scope;
    await transact(context, async (access) => {
      await proofs.remove(userId, inSystem(access));
      await userStore.removePhone(userId, access);
      await this.#note(context, 'account.phone-changed', userId, { phone: null, orderTexts: false }, access);
    });
  }

  /** Whether messages about orders are to come by text as well. */
  async wantOrderTexts(context: UserContext, wanted: boolean): Promise<void> {
    const { userId } = context.scope;
    await this.#deps.transact(context, (access) => this.#setOrderTexts(context, userId, wanted, access));
  }

  /** Somebody has said on the phone itself that they want no more: for each account that has the number. */
  async endTextsTo(number: string): Promise<void> {
    const { transact, users } = this.#deps;
    const system = asSystem('reply to a text message');
    await transact(system, async (access) => {
      for (const userId of await users.findIdsWithTextsTo(number, access)) {
        await this.#setOrderTexts(system, userId, false, access);
      }
    });
  }

  async #setOrderTexts(context: EventContext, userId: Id, wanted: boolean, access: TransactionAccess): Promise<void> {
    const { userStore, now } = this.#deps;
    const isSet = await userStore.setOrderTexts(userId, wanted ? now() : null, access);
    if (!isSet) throw new Problem(phoneNotProven, 'Prove a phone number first');
    await this.#note(context, 'account.order-texts-changed', userId, { orderTexts: wanted }, access);
  }

  async #note(
    context: EventContext,
    type: PhoneChanged['type'],
    userId: Id,
    after: object,
    access: TransactionAccess,
  ): Promise<void> {
    const change = { target: { kind: 'user', id: userId }, after };
    await this.#deps.appendEvent(context, phoneChanged(type, userId), access, change);
  }
}

/** Of whom and what a code is: one that was sent to another number proves nothing. */
const purposeOf = (userId: Id, number: string): string => `phone:${Id.encode(userId)}:${number}`;

const inSystem = ({ session }: TransactionAccess): Access => asSystem('phone number', session);

function refuseNumber(): never {
  const errors = [{ path: 'body.number', message: 'must be a phone number with its country' }];
  throw new Problem(phoneNotValid, 'Write it with its country: +49 151 12345678', { errors });
}

function refuseCode(): never {
  throw new Problem(codeNotValid, 'It is wrong, too old, or was tried too often; ask for a new one');
}

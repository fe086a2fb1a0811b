import { createHash } from 'node:crypto';
import type { ScopedModel } from '../../platform/database/collection.ts';
import { duplicateKey } from '../../platform/database/failures.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { Id } from '../../shared/ids.ts';
import { DAY_MS, HOUR_MS, type Now } from '../../shared/time.ts';
import type { TextMessage, TextMessageCount } from './sms.model.ts';

export interface SmsLimits {
  /** Messages to one number. */
  readonly recipientHour: number;
  readonly recipientDay: number;
  /** Parts, which is what is paid for, of one merchant. */
  readonly merchantDay: number;
  /** Parts of the platform's own, all together: codes for phone numbers. */
  readonly platformDay: number;
}

export interface SmsCapsDeps {
  readonly counts: ScopedModel<TextMessageCount>;
  readonly limits: SmsLimits;
  readonly now: Now;
  /** Told by one worker, once a day, that the platform's own cap has kept a message back. */
  readonly onPlatformCap: () => void;
}

interface Window {
  readonly _id: string;
  readonly amount: number;
  readonly limit: number;
  readonly expiresAt: Date;
  readonly errorCode: string;
}

const PLATFORM_CAP = 'platform-day-cap';

const access = asSystem('caps of text messages');

/**
 * How many text messages may be sent. Counted in the database by conditional updates, so that any number of workers
 * together keep to it; a worker that dies between counting and noting it counts one twice, and so sends less, not more.
 */
export class SmsCaps {
  readonly #deps: SmsCapsDeps;

  constructor(deps: SmsCapsDeps) {
    this.#deps = deps;
  }

  /** Counts a message. @returns which cap it would break, or undefined when it may be sent */
  async take(message: Pick<TextMessage, 'merchantId' | 'parts' | 'to'>): Promise<string | undefined> {
    const taken: Window[] = [];
    for (const window of this.#windowsOf(message)) {
      if (!(await this.#count(window))) {
        await Promise.all(taken.map((each) => this.#giveBack(each)));
        if (window.errorCode === PLATFORM_CAP && (await this.#isFirstRefusal(window))) this.#deps.onPlatformCap();
        return window.errorCode;
      }
      taken.push(window);
    }
    return undefined;
  }

  #windowsOf({ merchantId, to, parts }: Pick<TextMessage, 'merchantId' | 'parts' | 'to'>): readonly Window[] {
    const { recipientHour, recipientDay, merchantDay, platformDay } = this.#deps.limits;
    const at = this.#deps.now().getTime();
    const window = (who: string, lengthMs: number, amount: number, limit: number, errorCode: string): Window => {
      const slot = Math.floor(at / lengthMs);
      const expiresAt = new Date((slot + 2) * lengthMs);
      return { _id: `${errorCode}:${who}:${String(slot)}`, amount, limit, expiresAt, errorCode };
    };
    // Whoever reads the counts need not learn who was written to.
    const recipient = createHash('sha256').update(to).digest('base64url');
    return [
      window(recipient, HOUR_MS, 1, recipientHour, 'recipient-hour-cap'),
      window(recipient, DAY_MS, 1, recipientDay, 'recipient-day-cap'),
      merchantId === null
        ? window('platform', DAY_MS, parts, platformDay, PLATFORM_CAP)
        : window(Id.encode(merchantId), DAY_MS, parts, merchantDay, 'merchant-day-cap'),
    ];
  }

  async #count({ _id, amount, limit, expiresAt }: Window): Promise<boolean> {
    const { counts } = this.#deps;
    try {
      await counts.updateOne(
        { _id },
        { $setOnInsert: { count: 0, toldAt: null, expiresAt } },
        { ...access, upsert: true },
      );
    } catch (error) {
      // Two made it at the same moment: it is there.
      if (duplicateKey(error) === undefined) throw error;
    }
    const room = { _id, count: { $lte: limit - amount } };
    return (await counts.updateOne(room, { $inc: { count: amount } }, access)).modifiedCount === 1;
  }

  async #isFirstRefusal({ _id }: Window): Promise<boolean> {
    const told = { $set: { toldAt: this.#deps.now() } };
    return (await this.#deps.counts.updateOne({ _id, toldAt: null }, told, access)).modifiedCount === 1;
  }

  async #giveBack({ _id, amount }: Window): Promise<void> {
    await this.#deps.counts.updateOne({ _id }, { $inc: { count: -amount } }, access);
  }
}

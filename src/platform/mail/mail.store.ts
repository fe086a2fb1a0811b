import { Schema } from 'mongoose';
import type { Id } from '../../shared/ids.ts';
import type { Scope } from '../../shared/scope.ts';
import { DAY_SECONDS, type Now } from '../../shared/time.ts';
import { storedCollection, type ScopedModel } from '../database/collection.ts';
import { asSystem } from '../database/scoped.ts';
import type { TransactionAccess } from '../database/transaction.ts';

/** A mail as it is asked for: `body` is its text, `html` the same for those who read that. */
export interface MailToSend {
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  readonly html?: string;
  /** Where a POST ends mails of this kind to the reader; for those that are sent unasked. */
  readonly unsubscribeUrl?: string;
}

/** A mail from being asked for until some time after it was sent. */
export interface StoredMail {
  _id: Id;
  scope: Scope;
  to: string;
  subject: string;
  /** The texts are dropped once the mail is sent: links in them must not lie about. */
  body: string | null;
  html: string | null;
  unsubscribeUrl: string | null;
  requestedAt: Date;
  sentAt: Date | null;
}

const KEPT_SECONDS = 30 * DAY_SECONDS;

export const mails = storedCollection<StoredMail>({
  name: 'Mail',
  collection: 'mails',
  fields: {
    scope: { type: Schema.Types.Mixed, required: true },
    to: { type: String, required: true },
    subject: { type: String, required: true },
    body: { type: String, default: null },
    html: { type: String, default: null },
    unsubscribeUrl: { type: String, default: null },
    requestedAt: { type: Date, required: true },
    sentAt: { type: Date, default: null },
  },
  scopes: { system: () => ({}) },
  indexes: [
    { name: 'requested', serves: 'removal after 30 days', key: { requestedAt: 1 }, expireAfterSeconds: KEPT_SECONDS },
  ],
});

const access = asSystem('mail');

export interface MailStoreDeps {
  readonly mails: ScopedModel<StoredMail>;
  readonly now: Now;
}

export class MailStore {
  readonly #mails: ScopedModel<StoredMail>;
  readonly #now: Now;

  constructor(deps: MailStoreDeps) {
    this.#mails = deps.mails;
    this.#now = deps.now;
  }

  async insert(
    _id: Id,
    { to, subject, body, html, unsubscribeUrl }: MailToSend,
    scope: Scope,
    { session }: TransactionAccess,
  ): Promise<void> {
    const row: StoredMail = {
      _id,
      scope,
      to,
      subject,
      body,
      html: html ?? null,
      unsubscribeUrl: unsubscribeUrl ?? null,
      requestedAt: this.#now(),
      sentAt: null,
    };
    await this.#mails.create([row], asSystem('mail', session));
  }

  /** A mail, sent or not; undefined once it is removed. */
  async find(_id: Id): Promise<StoredMail | undefined> {
    return (await this.#mails.findOne({ _id }, null, access).lean<StoredMail>()) ?? undefined;
  }

  /** Notes that it was sent, and when first; its texts are forgotten. */
  async markSent(_id: Id): Promise<void> {
    await this.#mails.updateOne(
      { _id, sentAt: null },
      { $set: { sentAt: this.#now(), body: null, html: null, unsubscribeUrl: null } },
      access,
    );
  }
}

import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem, type Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import { presentUser, VIEW_FIELDS, type UserRow } from './user.presenter.ts';
import type { UserView } from './identity.schema.ts';
import type { PlatformRole } from './roles.ts';
import type { User } from './user.model.ts';

export type SignInUser = Pick<User, '_id' | 'passwordHash'>;

/** Who somebody is to those who work with them: a member of a store, the recipient of a mail. */
export type UserCard = Pick<User, '_id' | 'email' | 'locale' | 'name'>;

/** How to write to somebody about the own account. */
export type Reader = Pick<User, 'emailVerifiedAt' | 'locale'>;

/** How to reach somebody about an order; `textsTo` is null unless they asked for text messages. */
export type Addressee = Pick<UserCard, 'email' | 'locale' | 'name'> & { readonly textsTo: string | null };

/** As many accounts as one number may sensibly have. */
const MOST_OF_A_NUMBER = 100;

/** Reads of accounts: lean, projected, each named after its question. */
export class UserReads {
  readonly #users: ScopedModel<User>;

  constructor(users: ScopedModel<User>) {
    this.#users = users;
  }

  async findView(_id: Id, access: Access): Promise<UserView | undefined> {
    const row = await this.#users.findOne({ _id }, VIEW_FIELDS, access).lean<UserRow>();
    return row ? presentUser(row) : undefined;
  }

  async findForSignIn(email: string, access: Access): Promise<SignInUser | undefined> {
    return (await this.#users.findOne({ email }, { passwordHash: 1 }, access).lean<SignInUser>()) ?? undefined;
  }

  async findIdByEmail(email: string, access: Access): Promise<Id | undefined> {
    return (await this.#users.findOne({ email }, { _id: 1 }, access).lean<Pick<User, '_id'>>())?._id;
  }

  async findRole(_id: Id, access: Access): Promise<PlatformRole | undefined> {
    return (await this.#users.findOne({ _id }, { role: 1 }, access).lean<Pick<User, 'role'>>())?.role;
  }

  async findReader(_id: Id, access: Access): Promise<Reader | undefined> {
    return (await this.#users.findOne({ _id }, { emailVerifiedAt: 1, locale: 1 }, access).lean<Reader>()) ?? undefined;
  }

  async findAddressee(_id: Id): Promise<Addressee | undefined> {
    const fields = { email: 1, name: 1, locale: 1, phone: 1, orderTextsSince: 1 } as const;
    type Row = Pick<User, keyof typeof fields>;
    const row = await this.#users.findOne({ _id }, fields, asSystem('messages about orders')).lean<Row>();
    if (!row) return undefined;
    const { email, name, locale, phone, orderTextsSince } = row;
    return { email, name, locale, textsTo: (orderTextsSince ?? null) === null ? null : phone };
  }

  /** Several of a family may have one number. */
  async findIdsWithTextsTo(phone: string, access: Access): Promise<readonly Id[]> {
    const rows = await this.#users
      .find({ phone, orderTextsSince: { $ne: null } }, { _id: 1 }, access)
      .limit(MOST_OF_A_NUMBER)
      .lean<Pick<User, '_id'>[]>();
    return rows.map(({ _id }) => _id);
  }

  /** Of at most a page of users; those that are gone are left out. */
  async findCards(ids: readonly Id[]): Promise<ReadonlyMap<string, UserCard>> {
    const rows = await this.#users
      .find({ _id: { $in: [...ids] } }, { email: 1, name: 1, locale: 1 }, asSystem('names of people who work together'))
      .limit(ids.length)
      .lean<UserCard[]>();
    return new Map(rows.map((row) => [row._id.toHexString(), row]));
  }
}

import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';
import { LOCALES, type Locale } from '../../shared/locale.ts';
import { PLATFORM_ROLES, type PlatformRole } from './roles.ts';

/** Somebody with an account, as it lies in MongoDB. */
export interface User {
  _id: Id;
  /** In lower case: two spellings of an address are one person. */
  email: string;
  name: string;
  /** A PHC string. */
  passwordHash: string;
  role: PlatformRole;
  emailVerifiedAt: Date | null;
  /** In which language to write to them; null as long as they have not said. */
  locale: Locale | null;
  /** E.164; only one that they have proven to be theirs. */
  phone: string | null;
  /** When they asked for text messages about orders; null while they want none. */
  orderTextsSince: Date | null;
  createdAt: Date;
}

export const users = storedCollection<User>({
  name: 'User',
  collection: 'users',
  fields: {
    _id: { type: Schema.Types.ObjectId, required: true },
    email: { type: String, required: true },
    name: { type: String, required: true },
    passwordHash: { type: String, required: true },
    role: { type: String, enum: PLATFORM_ROLES, required: true },
    emailVerifiedAt: { type: Date, default: null },
    locale: { type: String, enum: [...LOCALES, null], default: null },
    phone: { type: String, default: null },
    orderTextsSince: { type: Date, default: null },
    createdAt: { type: Date, required: true, immutable: true },
  },
  scopes: { user: ({ userId }) => ({ _id: userId }), system: () => ({}) },
  indexes: [
    {
      name: 'one_account_per_address',
      serves: 'UserReads.findForSignIn, UserStore.insertIfNew; no two accounts with one address',
      key: { email: 1 },
      unique: true,
    },
    {
      name: 'texted_numbers',
      serves: 'UserReads.findIdsWithTextsTo: who gets text messages at a number',
      key: { phone: 1 },
    },
  ],
});

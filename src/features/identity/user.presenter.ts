import { Id } from '../../shared/ids.ts';
import type { UserView } from './identity.schema.ts';
import type { User } from './user.model.ts';

/** The fields that `presentUser` reads. */
export const VIEW_FIELDS = {
  email: 1,
  name: 1,
  role: 1,
  emailVerifiedAt: 1,
  locale: 1,
  phone: 1,
  orderTextsSince: 1,
  createdAt: 1,
} as const;

export type UserRow = Pick<User, '_id' | keyof typeof VIEW_FIELDS>;

/** What somebody is shown of the own account. Field by field: what is not named here does not leave. */
export function presentUser(user: UserRow): UserView {
  return {
    id: Id.encode(user._id),
    email: user.email,
    name: user.name,
    role: user.role,
    emailVerified: user.emailVerifiedAt !== null,
    // An account of before there were languages has none.
    locale: user.locale ?? null,
    // Nor a number, if it is of before there were those.
    phone: user.phone ?? null,
    orderTexts: (user.orderTextsSince ?? null) !== null,
    createdAt: user.createdAt.toISOString(),
  };
}

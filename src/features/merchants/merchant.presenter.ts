import { Id } from '../../shared/ids.ts';
import { localeOf } from '../../shared/locale.ts';
import type { UserCard } from '../identity/index.ts';
import type { Invitation } from './invitation.model.ts';
import type { StoredMembership } from './membership.model.ts';
import { brandingOf, type Merchant } from './merchant.model.ts';
import type { InvitationView, Member, StoreProfile, StoreView } from './merchant.schema.ts';

/** The fields that each of the functions here reads, and so the only ones that its read loads. */
export const PROFILE_FIELDS = { slug: 1, name: 1, description: 1, currency: 1, branding: 1 } as const;
export const STORE_FIELDS = { ...PROFILE_FIELDS, timeZone: 1, locale: 1, version: 1, createdAt: 1 } as const;
export const MEMBER_FIELDS = { userId: 1, role: 1, joinedAt: 1 } as const;
export const INVITATION_FIELDS = { email: 1, role: 1, invitedAt: 1, expiresAt: 1 } as const;

export type ProfileRow = Pick<Merchant, '_id' | keyof typeof PROFILE_FIELDS>;
export type StoreRow = Pick<Merchant, '_id' | keyof typeof STORE_FIELDS>;
export type MemberRow = Pick<StoredMembership, '_id' | keyof typeof MEMBER_FIELDS>;
export type InvitationRow = Pick<Invitation, '_id' | keyof typeof INVITATION_FIELDS>;

export function presentProfile(store: ProfileRow): StoreProfile {
  const { _id, slug, name, description, currency } = store;
  const { logoUrl, accentColor } = brandingOf(store);
  return { id: Id.encode(_id), slug, name, description, currency, branding: { logoUrl, accentColor } };
}

export function presentStore(store: StoreRow): StoreView {
  const { timeZone, version, createdAt } = store;
  // A store of before there were languages has none.
  const locale = localeOf(store.locale);
  return { ...presentProfile(store), timeZone, locale, version, createdAt: createdAt.toISOString() };
}

export function presentMember({ userId, role, joinedAt }: MemberRow, card: UserCard | undefined): Member {
  const { name = null, email = null } = card ?? {};
  return { userId: Id.encode(userId), name, email, role, joinedAt: joinedAt.toISOString() };
}

export function presentInvitation({ _id, email, role, invitedAt, expiresAt }: InvitationRow): InvitationView {
  return {
    id: Id.encode(_id),
    email,
    role,
    invitedAt: invitedAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  };
}

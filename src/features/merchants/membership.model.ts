import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';
import { MERCHANT_ROLES, type MerchantRole } from '../identity/index.ts';

/** That somebody works for a store, and as what. */
export interface StoredMembership {
  _id: Id;
  merchantId: Id;
  userId: Id;
  role: MerchantRole;
  joinedAt: Date;
  /** False for whoever wants no mails about low stock. */
  stockAlerts?: boolean;
}

export const memberships = storedCollection<StoredMembership>({
  name: 'Membership',
  collection: 'memberships',
  fields: {
    _id: { type: Schema.Types.ObjectId, required: true },
    merchantId: { type: Schema.Types.ObjectId, required: true, immutable: true },
    userId: { type: Schema.Types.ObjectId, required: true, immutable: true },
    role: { type: String, enum: MERCHANT_ROLES, required: true },
    stockAlerts: Boolean,
    joinedAt: { type: Date, required: true, immutable: true },
  },
  scopes: { merchant: ({ merchantId }) => ({ merchantId }), user: ({ userId }) => ({ userId }), system: () => ({}) },
  indexes: [
    {
      name: 'one_membership_per_user_and_store',
      serves: 'MembershipReads.findOf, at every request to a store; nobody is in a store twice',
      key: { userId: 1, merchantId: 1 },
      unique: true,
    },
    {
      name: 'stores_of_user',
      serves: 'MembershipReads.findStoresOfUser',
      key: { userId: 1, joinedAt: -1, _id: -1 },
    },
    {
      name: 'members_of_store',
      serves: 'MembershipReads.findMembers',
      key: { merchantId: 1, joinedAt: 1, _id: 1 },
    },
  ],
});

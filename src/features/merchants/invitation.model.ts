import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { Id } from '../../shared/ids.ts';
import { MERCHANT_ROLES, type MerchantRole } from '../identity/index.ts';

/** That somebody with an address may join a store. Gone once it is accepted or withdrawn. */
export interface Invitation {
  _id: Id;
  merchantId: Id;
  email: string;
  role: MerchantRole;
  invitedBy: Id;
  invitedAt: Date;
  expiresAt: Date;
}

export const invitations = storedCollection<Invitation>({
  name: 'Invitation',
  collection: 'invitations',
  fields: {
    _id: { type: Schema.Types.ObjectId, required: true },
    merchantId: { type: Schema.Types.ObjectId, required: true, immutable: true },
    email: { type: String, required: true, immutable: true },
    role: { type: String, enum: MERCHANT_ROLES, required: true, immutable: true },
    invitedBy: { type: Schema.Types.ObjectId, required: true, immutable: true },
    invitedAt: { type: Date, required: true, immutable: true },
    expiresAt: { type: Date, required: true, immutable: true },
  },
  scopes: { merchant: ({ merchantId }) => ({ merchantId }), system: () => ({}) },
  indexes: [
    {
      name: 'one_invitation_per_address_and_store',
      serves: 'InvitationStore.replace; the newest invitation is the only one',
      key: { merchantId: 1, email: 1 },
      unique: true,
    },
    {
      name: 'invitations_of_store',
      serves: 'InvitationReads.findPage',
      key: { merchantId: 1, invitedAt: -1, _id: -1 },
    },
    {
      name: 'expired_invitations',
      serves: 'removal of invitations that nobody accepted',
      key: { expiresAt: 1 },
      expireAfterSeconds: 0,
    },
  ],
});

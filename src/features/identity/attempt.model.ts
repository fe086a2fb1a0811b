import { storedCollection } from '../../platform/database/collection.ts';

/** Wrong passwords given for one address since the last right one, whether or not anybody has that address. */
export interface SignInAttempts {
  /** Digest of the address: it need not be readable, and may be a stranger's. */
  _id: string;
  failures: number;
  /** Until then no password is looked at. */
  lockedUntil: Date;
  /** From then on all is forgotten. */
  expiresAt: Date;
}

export const signInAttempts = storedCollection<SignInAttempts>({
  name: 'SignInAttempts',
  collection: 'sign_in_attempts',
  fields: {
    _id: { type: String, required: true },
    failures: { type: Number, required: true },
    lockedUntil: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
  },
  scopes: { system: () => ({}) },
  indexes: [
    {
      name: 'forgotten_attempts',
      serves: 'removal of wrong passwords of long ago',
      key: { expiresAt: 1 },
      expireAfterSeconds: 0,
    },
  ],
});

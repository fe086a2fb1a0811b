/** What somebody may do on the platform as a whole. Roles in a store come by membership. */
export const PLATFORM_ROLES = ['user', 'support', 'admin'] as const;
export type PlatformRole = (typeof PLATFORM_ROLES)[number];

export const MERCHANT_ROLES = ['staff', 'manager', 'owner'] as const;
export type MerchantRole = (typeof MERCHANT_ROLES)[number];

/** Whether a caller's role is one in a store, and not one on the platform. */
export const isMerchantRole = (role: string | undefined): role is MerchantRole =>
  MERCHANT_ROLES.some((known) => known === role);

/** Whether a role of a store includes another: an owner may do what a manager may, a manager what staff may. */
export const includesRole = (role: MerchantRole, needed: MerchantRole): boolean =>
  MERCHANT_ROLES.indexOf(role) >= MERCHANT_ROLES.indexOf(needed);

/** The same for the platform: what support may read an admin may as well. */
export const includesPlatformRole = (role: PlatformRole, needed: PlatformRole): boolean =>
  PLATFORM_ROLES.indexOf(role) >= PLATFORM_ROLES.indexOf(needed);

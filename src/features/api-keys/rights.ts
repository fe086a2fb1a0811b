import type { Endpoint, Right } from '../../platform/http/endpoint.ts';
import { includesRole, type MerchantRole } from '../identity/index.ts';

/** The rights that a key can be given, each with the role that somebody needs for all that it opens. */
export type GrantableRights = ReadonlyMap<Right, MerchantRole>;

/** Reads from the endpoints which rights there are. Of those that share one, the highest role counts. */
export function rightsOf(endpoints: readonly Endpoint[]): GrantableRights {
  const rights = new Map<Right, MerchantRole>();
  for (const { permission } of endpoints) {
    if (permission.scope !== 'merchant' || permission.apiKey === null) continue;
    const { apiKey, role } = permission;
    const known = rights.get(apiKey) ?? role;
    rights.set(apiKey, includesRole(known, role) ? known : role);
  }
  return new Map(Array.from(rights).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Those of the scopes that somebody of a role does not have, and so cannot give to a key. */
export function beyond(
  role: MerchantRole | undefined,
  scopes: readonly Right[],
  rights: GrantableRights,
): readonly Right[] {
  return scopes.filter((scope) => {
    const needed = rights.get(scope);
    return role === undefined || needed === undefined || !includesRole(role, needed);
  });
}

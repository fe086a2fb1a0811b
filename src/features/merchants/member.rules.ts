import type { MerchantRole } from '../identity/index.ts';

/** Whether somebody may invite, change or remove one of a role: an owner everybody, a manager staff. */
export function mayDecideOn(role: MerchantRole | undefined, other: MerchantRole): boolean {
  return role === 'owner' || (role === 'manager' && other === 'staff');
}

import { memberships } from '../features/merchants/membership.model.ts';
import { MembershipStore } from '../features/merchants/membership.store.ts';
import { StockAlerts } from '../features/merchants/stock-alerts.ts';
import type { identityParts } from './identity.ts';
import type { merchantParts } from './merchants.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';

type Known = Pick<ReturnType<typeof identityParts>, 'userReads'> &
  Pick<ReturnType<typeof merchantParts>, 'membershipReads'>;

/** Who is told of what goes on in a store. */
export function alertParts(parts: Parts, { config, database, links }: Platform, { userReads, membershipReads }: Known) {
  return {
    stockAlerts: parts.part(
      () =>
        new StockAlerts({
          memberships: membershipReads(),
          store: new MembershipStore(memberships.on(database().primary)),
          users: userReads(),
          links: links(),
          publicUrl: config.http.publicUrl,
        }),
    ),
  };
}

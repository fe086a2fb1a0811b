import type { MongoClient } from 'mongodb';
import { InFlight } from '../../shared/in-flight.ts';

/**
 * Has the driver list its sessions and cursors under way in arrays. It adds one of each to a Set with every operation, and takes
 * it out when that is over: why that costs, `InFlight` says. The members are the driver's own, and no part of what it promises: what
 * is no Set of that name is left as it is.
 */
export function listInArrays(client: MongoClient): void {
  const { s: own = {} } = client as unknown as { readonly s?: Record<string, unknown> };
  for (const name of ['activeCursors', 'activeSessions']) {
    const listed = own[name];
    if (!(listed instanceof Set)) continue;
    const list = new InFlight<unknown>();
    for (const each of listed) list.add(each);
    own[name] = list;
  }
}

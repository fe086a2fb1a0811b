import type { Merchant } from '../../src/features/merchants/merchant.model.ts';
import type { StoredMembership } from '../../src/features/merchants/membership.model.ts';
import { slugOf } from '../../src/features/catalog/product.rules.ts';
import type { StockLocation } from '../../src/features/stock/stock.model.ts';
import type { Id } from '../../src/shared/ids.ts';
import { DAY_MS } from '../../src/shared/time.ts';
import type { People } from './people.ts';
import type { Random } from './random.ts';
import { COUNTRIES, STORES, TRADES, type Trade } from './words.ts';

/** A store with what belongs to it. */
export interface Store {
  readonly merchant: Merchant;
  readonly trade: Trade;
  readonly locations: readonly StockLocation[];
  readonly memberships: readonly StoredMembership[];
}

const LOCATIONS = ['Warehouse', 'Shop', 'Depot'];
/** As many of the largest stores sell from more than one place. */
const LARGE_STORES = 4;

export function makeStores(random: Random, until: Date, people: People): Store[] {
  const staff = people.all.slice(Object.keys(people.demo).length);
  return STORES.map(([name, trade, country], rank) => {
    const createdAt = new Date(until.getTime() - random.between(366, 365 * 2) * DAY_MS);
    const merchant: Merchant = {
      _id: random.id(createdAt),
      slug: slugOf(name),
      name,
      description: `${name} sells ${TRADES[trade].category} online.`,
      ...COUNTRIES[country],
      branding: { logoUrl: null, accentColor: null },
      locale: 'en',
      currencyIsFixed: true,
      ownerCount: 1,
      version: 1,
      createdAt,
    };
    const places = LOCATIONS.slice(0, rank < LARGE_STORES ? 3 - Math.floor(rank / 2) : 1);
    return {
      merchant,
      trade: TRADES[trade],
      locations: places.map((place, index) => {
        const at = new Date(createdAt.getTime() + index * DAY_MS);
        return { _id: random.id(at), merchantId: merchant._id, name: place, createdAt: at };
      }),
      memberships: rank === 0 ? demoMembers(random, merchant, people) : members(random, merchant, staff, rank),
    };
  });
}

function demoMembers(random: Random, merchant: Merchant, { demo }: People): StoredMembership[] {
  return (['owner', 'manager', 'staff'] as const).map((role) => membership(random, merchant, demo[role]._id, role));
}

function members(random: Random, merchant: Merchant, people: People['all'], rank: number): StoredMembership[] {
  const roles = ['owner', 'manager', 'staff', 'staff'] as const;
  return roles.slice(0, random.between(1, roles.length)).flatMap((role, index) => {
    const person = people[rank * roles.length + index];
    return person === undefined ? [] : [membership(random, merchant, person._id, role)];
  });
}

function membership(
  random: Random,
  { _id: merchantId, createdAt: joinedAt }: Merchant,
  userId: Id,
  role: StoredMembership['role'],
): StoredMembership {
  return { _id: random.id(joinedAt), merchantId, userId, role, joinedAt };
}

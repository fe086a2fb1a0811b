import type { User } from '../../src/features/identity/user.model.ts';
import { DAY_MS } from '../../src/shared/time.ts';
import type { DemoLogin } from './contract.ts';
import type { Random } from './random.ts';
import { FIRST_NAMES, LAST_NAMES } from './words.ts';

/** Of all accounts of the demo data. It is printed at the start and opens nothing but a developer's own machine. */
const PASSWORD = 'try-me-2026';

const DEMO = [
  ['admin', 'Alex Admin'],
  ['support', 'Sam Support'],
  ['owner', 'Olivia Owner'],
  ['manager', 'Mika Manager'],
  ['staff', 'Stevie Staff'],
  ['user', 'Uma User'],
] as const;
export type DemoRole = (typeof DEMO)[number][0];

const addressOf = (role: DemoRole): string => `${role}@demo.example`;

export const demoLogins: readonly DemoLogin[] = DEMO.map(([role]) => ({
  role,
  email: addressOf(role),
  password: PASSWORD,
}));

export interface People {
  readonly all: readonly User[];
  readonly demo: Readonly<Record<DemoRole, User>>;
}

/** @param hash makes the one hash that all of them share: two thousand of their own would take a minute. */
export async function makePeople(
  random: Random,
  until: Date,
  count: number,
  hash: (password: string) => Promise<string>,
): Promise<People> {
  const passwordHash = await hash(PASSWORD);
  const make = (name: string, email: string, role: User['role']): User => {
    const createdAt = new Date(until.getTime() - random.between(366, 720) * DAY_MS - random.below(DAY_MS));
    return {
      _id: random.id(createdAt),
      email,
      name,
      passwordHash,
      role,
      locale: null,
      emailVerifiedAt: createdAt,
      phone: null,
      orderTextsSince: null,
      createdAt,
    };
  };
  const demo = Object.fromEntries(
    DEMO.map(([role, name]) => [
      role,
      make(name, addressOf(role), role === 'admin' || role === 'support' ? role : 'user'),
    ]),
  ) as Record<DemoRole, User>;
  const others = Array.from({ length: count - DEMO.length }, (_, index) => {
    const [first, last] = [random.pick(FIRST_NAMES), random.pick(LAST_NAMES)];
    return make(`${first} ${last}`, `${first}.${last}.${String(index + 1)}@mail.example`.toLowerCase(), 'user');
  });
  return { all: [...Object.values(demo), ...others], demo };
}

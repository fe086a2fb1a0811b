import type { Connection } from 'mongoose';
import { sessions } from '../src/features/identity/session.model.ts';
import { users } from '../src/features/identity/user.model.ts';
import { asSystem } from '../src/platform/database/scoped.ts';
import type { AccessTokens } from '../src/platform/security/tokens.ts';
import { newId } from '../src/shared/ids.ts';

/** Somebody who has signed in. */
export interface Person {
  readonly email: string;
  readonly token: string;
}

/** Many who have signed in: by themselves they would keep the machine busy with hashes for a while. */
export async function signedIn(
  connection: Connection,
  tokens: Pick<AccessTokens, 'sign'>,
  host: string,
  count: number,
): Promise<readonly Person[]> {
  const [createdAt, expiresAt] = [new Date(), new Date(Date.now() + 3_600_000)];
  const access = asSystem('test');
  const about = { passwordHash: 'none', role: 'user' as const, emailVerifiedAt: createdAt, createdAt };
  const open = { tokenDigest: 'none', startedAt: createdAt, refreshedAt: createdAt, expiresAt, endedAt: null };
  const people: Person[] = [];
  for (let index = 0; index < count; index += 1) {
    const [user, session] = [newId(), newId()];
    const email = `buyer-${String(index)}@${host}`;
    await users.on(connection).create([{ _id: user, email, name: `Buyer ${String(index)}`, ...about }], access);
    await sessions.on(connection).create([{ _id: session, userId: user, ...open }], access);
    const token = await tokens.sign({ userId: user.toHexString(), sessionId: session.toHexString() });
    people.push({ email, token });
  }
  return people;
}

import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { createHmac, createSecretKey, randomUUID, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Now } from '../../shared/time.ts';

/** How long an access token is valid. */
export const ACCESS_TOKEN_SECONDS = 15 * 60;

const ALGORITHM = 'HS256';
// RFC 9068: keeps access tokens apart from whatever else the same key may sign one day.
const TYPE = 'at+jwt';

const Claims = z.object({
  sub: z.string(),
  sid: z.string(),
  jti: z.string(),
  iat: z.number(),
  exp: z.number(),
});

/** What an access token says. Roles are not in it: a membership is looked up, so that taking it away works at once. */
export interface AccessToken {
  readonly userId: string;
  /** The sign-in it descends from, by which it is revoked. */
  readonly sessionId: string;
  readonly tokenId: string;
  /** In milliseconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface AccessTokenOptions {
  readonly secret: string;
  /** The secret before that one: still verifies, never signs. */
  readonly previousSecret?: string | undefined;
  readonly issuer: string;
  readonly audience: string;
  /** Asked at every use, of remembered tokens too. */
  readonly isRevoked: (token: AccessToken) => Promise<boolean> | boolean;
  readonly now?: Now;
  /** Verified tokens remembered at once; a signature costs more to check than a cached answer to send. */
  readonly remembered?: number;
}

/** Signs access tokens and tells whose they are. */
export class AccessTokens {
  readonly #options: AccessTokenOptions;
  readonly #current: Key;
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #verified: LRUCache<string, AccessToken>;
  readonly #now: Now;

  constructor(options: AccessTokenOptions) {
    const { secret, previousSecret, remembered = 10_000, now = () => new Date() } = options;
    this.#options = options;
    this.#current = keyOf(secret);
    const keys = previousSecret === undefined ? [this.#current] : [this.#current, keyOf(previousSecret)];
    this.#keys = new Map(keys.map(({ id, key }) => [id, key]));
    this.#verified = new LRUCache({ max: remembered });
    this.#now = now;
  }

  sign({ userId, sessionId }: Pick<AccessToken, 'sessionId' | 'userId'>): Promise<string> {
    const issuedAt = Math.floor(this.#now().getTime() / 1_000);
    return new SignJWT({ sid: sessionId })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: this.#current.id })
      .setSubject(userId)
      .setIssuer(this.#options.issuer)
      .setAudience(this.#options.audience)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
      .sign(this.#current.key);
  }

  /** @returns undefined for a token that is not ours, not for us, over, or revoked: a caller need not know which. */
  async verify(token: string): Promise<AccessToken | undefined> {
    const known = this.#verified.get(token) ?? (await this.#check(token));
    if (known === undefined || known.expiresAt <= this.#now().getTime()) return undefined;
    return (await this.#options.isRevoked(known)) ? undefined : known;
  }

  async #check(token: string): Promise<AccessToken | undefined> {
    try {
      const key = this.#keys.get(decodeProtectedHeader(token).kid ?? '');
      if (key === undefined) return undefined;
      const { issuer, audience } = this.#options;
      const rules = { algorithms: [ALGORITHM], typ: TYPE, issuer, audience, currentDate: this.#now() };
      const { payload } = await jwtVerify(token, key, rules);
      const { sub, sid, jti, iat, exp } = Claims.parse(payload);
      const verified = { userId: sub, sessionId: sid, tokenId: jti, issuedAt: iat * 1_000, expiresAt: exp * 1_000 };
      this.#verified.set(token, verified);
      return verified;
    } catch (error) {
      // jose says of a token that is no token at all that it is a TypeError.
      if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof z.ZodError)
        return undefined;
      throw error;
    }
  }
}

interface Key {
  readonly id: string;
  readonly key: KeyObject;
}

/** The key's id follows from the secret, so that rotation needs no second setting; it tells nothing of the secret. */
function keyOf(secret: string): Key {
  const id = createHmac('sha256', secret).update('key id').digest('base64url').slice(0, 12);
  return { id, key: createSecretKey(Buffer.from(secret)) };
}

import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';

export interface SigningSecrets {
  readonly secret: string;
  /** The secret before that one: what it signed is still genuine, nothing new is signed with it. */
  readonly previousSecret?: string | undefined;
}

type Part = string | Uint8Array;

/** Signs what is handed out and comes back (HMAC-SHA-256). */
export class Signer {
  // As bytes a key would be made ready anew for each signature; see `Cursors`.
  readonly #keys: readonly [KeyObject, ...KeyObject[]];

  /** @param use what is signed: the configured secret signs other things as well, and a key of its own keeps them apart */
  constructor({ secret, previousSecret }: SigningSecrets, use: string) {
    const keyOf = (each: string): KeyObject => createSecretKey(createHmac('sha256', each).update(use).digest());
    this.#keys = previousSecret === undefined ? [keyOf(secret)] : [keyOf(secret), keyOf(previousSecret)];
  }

  sign(...parts: readonly Part[]): Buffer {
    return sign(this.#keys[0], parts);
  }

  isGenuine(signature: Uint8Array, ...parts: readonly Part[]): boolean {
    return this.#keys.some((key) => isSame(signature, sign(key, parts)));
  }
}

/** Whether two signatures are equal, in a time that tells nothing of where they differ. */
export const isSame = (given: Uint8Array, expected: Uint8Array): boolean =>
  given.length === expected.length && timingSafeEqual(given, expected);

function sign(key: KeyObject, parts: readonly Part[]): Buffer {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

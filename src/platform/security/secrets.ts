import { createHash, randomBytes } from 'node:crypto';

/** A secret nobody can guess: 256 random bits as 43 characters that need no escaping in a URL. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * What is stored in place of a secret from `newSecret`. A plain SHA-256 will do, since there is nothing to guess;
 * it is no way to keep passwords, which there is.
 */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

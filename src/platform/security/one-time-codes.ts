import { randomInt } from 'node:crypto';
import { Signer, type SigningSecrets } from './signer.ts';

const DIGITS = 6;

/**
 * Codes that are short enough to be typed, and so can be guessed: what is stored of one is keyed, so that whoever reads
 * the database cannot try all of them there. How often one may be tried, and how long, is up to whoever stores it.
 */
export class OneTimeCodes {
  readonly #signer: Signer;

  constructor(secrets: SigningSecrets) {
    this.#signer = new Signer(secrets, 'one-time codes');
  }

  /** Six digits. */
  newCode(): string {
    return String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0');
  }

  /** @param purpose what the code proves, and of whom: the same code for anything else has another digest. */
  digestOf(purpose: string, code: string): string {
    return this.#signer.sign(`${purpose}:${code}`).toString('base64url');
  }

  matches(digest: string, purpose: string, code: string): boolean {
    return this.#signer.isGenuine(Buffer.from(digest, 'base64url'), `${purpose}:${code}`);
  }
}

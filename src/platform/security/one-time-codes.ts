import { createHmac, randomInt, timingSafeEqual } from 'node:crypto';

const DIGITS = 6;

/**
 * Codes that are short enough to be typed, and so can be guessed: what is stored of one is keyed, so that whoever reads
 * the database cannot try all of them there. How often one may be tried, and how long, is up to whoever stores it.
 */
export class OneTimeCodes {
  readonly #key: Buffer;

  constructor({ secret }: { readonly secret: string }) {
    // The configured secret signs other things as well: a key of its own keeps the two apart.
    this.#key = createHmac('sha256', secret).update('one-time codes').digest();
  }

  /** Six digits. */
  newCode(): string {
    return String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0');
  }

  /** @param purpose what the code proves, and of whom: the same code for anything else has another digest. */
  digestOf(purpose: string, code: string): string {
    return this.#sign(purpose, code).toString('base64url');
  }

  matches(digest: string, purpose: string, code: string): boolean {
    const [given, expected] = [Buffer.from(digest, 'base64url'), this.#sign(purpose, code)];
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  #sign(purpose: string, code: string): Buffer {
    return createHmac('sha256', this.#key).update(`${purpose}:${code}`).digest();
  }
}

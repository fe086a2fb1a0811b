import { createCipheriv, createHmac, createSecretKey, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto';
import { Problem, type ProblemKind } from '../../shared/problem.ts';

export const invalidCursor: ProblemKind = {
  code: 'invalid-cursor',
  status: 400,
  title: 'Cursor is not one of this list',
};

/** Where a page ends: the values of the sort keys of its last row, as JSON holds them. */
export type CursorPosition = readonly (boolean | number | string | null)[];

const SIGNATURE_BYTES = 16;
const KEY_BYTES = 32;

/**
 * Page cursors that callers can neither read nor make up. Signed together with the list they belong to, so that a
 * cursor of one tenant's list, or of another order of it, is refused. The signature is the nonce of the encryption as
 * well (SIV, RFC 5297): the same position gives the same cursor, or no page would ever keep its ETag.
 */
export class Cursors {
  // Given as bytes, a key costs Node 14 µs each time before anything is signed, and as an object of its own none.
  readonly #signingKey: KeyObject;
  readonly #cipherKey: KeyObject;

  constructor(secret: string) {
    const keys = new Uint8Array(hkdfSync('sha256', secret, '', 'page cursors', 2 * KEY_BYTES));
    this.#signingKey = createSecretKey(keys.subarray(0, KEY_BYTES));
    this.#cipherKey = createSecretKey(keys.subarray(KEY_BYTES));
  }

  /** @param list names the question and whose data it is asked of: `orders:<merchantId>:newest`. */
  encode(list: string, position: CursorPosition): string {
    const payload = Buffer.from(JSON.stringify(position));
    const signature = this.#sign(list, payload);
    return Buffer.concat([signature, this.#crypt(signature, payload)]).toString('base64url');
  }

  /** @throws Problem `invalid-cursor` for whatever `encode` did not return for the same list. */
  decode(list: string, cursor: string): CursorPosition {
    const bytes = Buffer.from(cursor, 'base64url');
    const signature = bytes.subarray(0, SIGNATURE_BYTES);
    if (signature.length < SIGNATURE_BYTES) refuse();
    const payload = this.#crypt(signature, bytes.subarray(SIGNATURE_BYTES));
    if (!timingSafeEqual(signature, this.#sign(list, payload))) refuse();
    return JSON.parse(payload.toString()) as CursorPosition;
  }

  #sign(list: string, payload: Buffer): Buffer {
    // The length keeps apart where the list's name ends and the payload begins.
    const hmac = createHmac('sha256', this.#signingKey).update(`${String(Buffer.byteLength(list))}:${list}`);
    return hmac.update(payload).digest().subarray(0, SIGNATURE_BYTES);
  }

  /** Encrypts, or decrypts: in counter mode both are the same. */
  #crypt(signature: Buffer, bytes: Buffer): Buffer {
    return createCipheriv('aes-256-ctr', this.#cipherKey, signature).update(bytes);
  }
}

function refuse(): never {
  throw new Problem(invalidCursor, 'Send nextCursor of the page before, with the same query');
}

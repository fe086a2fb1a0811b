import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem, type ProblemKind } from '../../shared/problem.ts';

export const invalidCursor: ProblemKind = {
  code: 'invalid-cursor',
  status: 400,
  title: 'Cursor is not one of this list',
};

/** Where a page ends: the values of the sort keys of its last row, as JSON holds them. */
export type CursorPosition = readonly (boolean | number | string | null)[];

const SIGNATURE_BYTES = 16;

/**
 * Page cursors that callers can neither read meaning into nor make up. Signed together with the list they belong to,
 * so that a cursor of one tenant's list, or of another order of it, is refused.
 */
export class Cursors {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** @param list names the question and whose data it is asked of: `orders:<merchantId>:newest`. */
  encode(list: string, position: CursorPosition): string {
    const payload = Buffer.from(JSON.stringify(position));
    return Buffer.concat([this.#sign(list, payload), payload]).toString('base64url');
  }

  /** @throws Problem `invalid-cursor` for whatever `encode` did not return for the same list. */
  decode(list: string, cursor: string): CursorPosition {
    const bytes = Buffer.from(cursor, 'base64url');
    const signature = bytes.subarray(0, SIGNATURE_BYTES);
    const payload = bytes.subarray(SIGNATURE_BYTES);
    const genuine = signature.length === SIGNATURE_BYTES && timingSafeEqual(signature, this.#sign(list, payload));
    if (!genuine) throw new Problem(invalidCursor, 'Send nextCursor of the page before, with the same query');
    return JSON.parse(payload.toString()) as CursorPosition;
  }

  #sign(list: string, payload: Buffer): Buffer {
    // The length keeps apart where the list's name ends and the payload begins.
    const hmac = createHmac('sha256', this.#secret).update(`${String(Buffer.byteLength(list))}:${list}`);
    return hmac.update(payload).digest().subarray(0, SIGNATURE_BYTES);
  }
}

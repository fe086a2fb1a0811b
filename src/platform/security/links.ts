import { createHmac, timingSafeEqual } from 'node:crypto';
import { Types } from 'mongoose';
import type { Id } from '../../shared/ids.ts';

export interface LinkTokenOptions {
  readonly secret: string;
  /** The secret before that one: its links still open, new ones are not made with it. */
  readonly previousSecret?: string | undefined;
}

const ID_BYTES = 12;

/**
 * Tokens for links in mails. A token follows from the id of the row it stands for, so that a job that carries only the
 * id can write the mail, and whoever reads the database cannot. The row says whether the link still holds.
 */
export class LinkTokens {
  readonly #keys: readonly [Buffer, ...Buffer[]];

  constructor({ secret, previousSecret }: LinkTokenOptions) {
    this.#keys = previousSecret === undefined ? [keyOf(secret)] : [keyOf(secret), keyOf(previousSecret)];
  }

  /** @param purpose what the link does: a token for one purpose does not open another. */
  issue(purpose: string, id: Id): string {
    const bytes = Buffer.from(id.toHexString(), 'hex');
    return Buffer.concat([bytes, sign(this.#keys[0], purpose, bytes)]).toString('base64url');
  }

  /** @returns the id that `issue` was given for this purpose, or undefined for whatever it did not return. */
  open(purpose: string, token: string): Id | undefined {
    const bytes = Buffer.from(token, 'base64url');
    const id = bytes.subarray(0, ID_BYTES);
    const signature = bytes.subarray(ID_BYTES);
    const genuine = this.#keys.some((key) => {
      const expected = sign(key, purpose, id);
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    });
    return genuine ? Types.ObjectId.createFromHexString(id.toString('hex')) : undefined;
  }
}

/** The configured secret signs other things as well: a key of its own keeps the two apart. */
function keyOf(secret: string): Buffer {
  return createHmac('sha256', secret).update('links in mails').digest();
}

function sign(key: Buffer, purpose: string, id: Buffer): Buffer {
  return createHmac('sha256', key).update(`${purpose}:`).update(id).digest();
}

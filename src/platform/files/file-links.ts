import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Now } from '../../shared/time.ts';

/** Where links to files lead. The token goes into the query, where logs mask it. */
export const FILES_PATH = '/files';

/** What a link hands out. */
export interface LinkedFile {
  /** In the store. */
  readonly name: string;
  /** What browsers save it as. */
  readonly downloadName: string;
}

export interface FileLinkOptions {
  readonly secret: string;
  /** The secret before that one: its links still open. */
  readonly previousSecret?: string | undefined;
  readonly now: Now;
}

const Payload = z.tuple([z.string(), z.string(), z.number()]);

/**
 * Tokens that hand out one file until a moment, to whoever holds them. All that is needed is in the token, signed: to
 * fetch a file asks no database, and works for any file of the store.
 */
export class FileLinks {
  readonly #keys: readonly [Buffer, ...Buffer[]];
  readonly #now: Now;

  constructor({ secret, previousSecret, now }: FileLinkOptions) {
    this.#keys = previousSecret === undefined ? [keyOf(secret)] : [keyOf(secret), keyOf(previousSecret)];
    this.#now = now;
  }

  issue({ name, downloadName }: LinkedFile, until: Date): string {
    const payload = Buffer.from(JSON.stringify([name, downloadName, until.getTime()])).toString('base64url');
    return `${payload}.${sign(this.#keys[0], payload).toString('base64url')}`;
  }

  /** @returns undefined for what `issue` did not return, or what is over */
  open(token: string): LinkedFile | undefined {
    const [payload = '', sent = ''] = token.split('.');
    const signature = Buffer.from(sent, 'base64url');
    const isGenuine = this.#keys.some((key) => {
      const expected = sign(key, payload);
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    });
    if (!isGenuine) return undefined;
    const [name, downloadName, until] = Payload.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    return until > this.#now().getTime() ? { name, downloadName } : undefined;
  }
}

/** The configured secret signs other things as well: a key of its own keeps the two apart. */
const keyOf = (secret: string): Buffer => createHmac('sha256', secret).update('links to files').digest();

const sign = (key: Buffer, payload: string): Buffer => createHmac('sha256', key).update(payload).digest();

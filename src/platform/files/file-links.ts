import { z } from 'zod';
import type { Now } from '../../shared/time.ts';
import { Signer, type SigningSecrets } from '../security/signer.ts';

/** Where links to files lead. The token goes into the query, where logs mask it. */
export const FILES_PATH = '/files';

/** What a link hands out. */
export interface LinkedFile {
  /** In the store. */
  readonly name: string;
  /** What browsers save it as. */
  readonly downloadName: string;
}

export interface FileLinkOptions extends SigningSecrets {
  readonly now: Now;
}

const Payload = z.tuple([z.string(), z.string(), z.number()]);

/**
 * Tokens that hand out one file until a moment, to whoever holds them. All that is needed is in the token, signed: to
 * fetch a file asks no database, and works for any file of the store.
 */
export class FileLinks {
  readonly #signer: Signer;
  readonly #now: Now;

  constructor({ now, ...secrets }: FileLinkOptions) {
    this.#signer = new Signer(secrets, 'links to files');
    this.#now = now;
  }

  issue({ name, downloadName }: LinkedFile, until: Date): string {
    const payload = Buffer.from(JSON.stringify([name, downloadName, until.getTime()])).toString('base64url');
    return `${payload}.${this.#signer.sign(payload).toString('base64url')}`;
  }

  /** @returns undefined for what `issue` did not return, or what is over */
  open(token: string): LinkedFile | undefined {
    const [payload = '', sent = ''] = token.split('.');
    if (!this.#signer.isGenuine(Buffer.from(sent, 'base64url'), payload)) return undefined;
    const [name, downloadName, until] = Payload.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    return until > this.#now().getTime() ? { name, downloadName } : undefined;
  }
}

import { Types } from 'mongoose';
import type { Id } from '../../shared/ids.ts';
import { Signer, type SigningSecrets } from './signer.ts';

const ID_BYTES = 12;

/**
 * Tokens for links in mails. A token follows from the id of the row it stands for, so that a job that carries only the
 * id can write the mail, and whoever reads the database cannot. The row says whether the link still holds.
 */
export class LinkTokens {
  readonly #signer: Signer;

  constructor(secrets: SigningSecrets) {
    this.#signer = new Signer(secrets, 'links in mails');
  }

  /** @param purpose what the link does: a token for one purpose does not open another. */
  issue(purpose: string, id: Id): string {
    const bytes = Buffer.from(id.toHexString(), 'hex');
    return Buffer.concat([bytes, this.#signer.sign(`${purpose}:`, bytes)]).toString('base64url');
  }

  /** @returns the id that `issue` was given for this purpose, or undefined for whatever it did not return. */
  open(purpose: string, token: string): Id | undefined {
    const bytes = Buffer.from(token, 'base64url');
    const id = bytes.subarray(0, ID_BYTES);
    const signature = bytes.subarray(ID_BYTES);
    const isGenuine = this.#signer.isGenuine(signature, `${purpose}:`, id);
    return isGenuine ? Types.ObjectId.createFromHexString(id.toString('hex')) : undefined;
  }

  /** The same for a part of what the row stands for, such as one of its addresses: it travels in the token, signed. */
  issueFor(purpose: string, id: Id, subject: string): string {
    return `${this.issue(`${purpose}:${subject}`, id)}.${Buffer.from(subject).toString('base64url')}`;
  }

  /** @returns what `issueFor` was given for this purpose, or undefined for whatever it did not return */
  openFor(purpose: string, token: string): { readonly id: Id; readonly subject: string } | undefined {
    const [signed = '', encoded = ''] = token.split('.');
    const subject = Buffer.from(encoded, 'base64url').toString();
    const id = this.open(`${purpose}:${subject}`, signed);
    return id && { id, subject };
  }
}

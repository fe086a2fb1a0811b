import { SECOND_MS, type Now } from '../../shared/time.ts';
import { Signer } from './signer.ts';

export interface PassOptions {
  readonly secret: string;
  readonly now?: Now;
}

/** Signed texts that open one thing for some time, whoever holds them: nothing of them is stored anywhere. */
export class Passes {
  readonly #signer: Signer;
  readonly #now: Now;

  constructor({ secret, now = () => new Date() }: PassOptions) {
    this.#signer = new Signer({ secret }, 'passes');
    this.#now = now;
  }

  /** @param purpose what it opens: a pass for one purpose does not open another. */
  issue(purpose: string, seconds: number): string {
    const until = String(this.#now().getTime() + seconds * SECOND_MS);
    return `${until}.${this.#signer.sign(textOf(purpose, until)).toString('base64url')}`;
  }

  opens(purpose: string, pass: string): boolean {
    const [until = '', sent = ''] = pass.split('.');
    const isGenuine = this.#signer.isGenuine(Buffer.from(sent, 'base64url'), textOf(purpose, until));
    return isGenuine && Number(until) > this.#now().getTime();
  }
}

const textOf = (purpose: string, until: string): string => `${purpose}:${until}`;

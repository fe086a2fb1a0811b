import { createHmac, timingSafeEqual } from 'node:crypto';
import { SECOND_MS, type Now } from '../../shared/time.ts';

export interface PassOptions {
  readonly secret: string;
  readonly now?: Now;
}

/** Signed texts that open one thing for some time, whoever holds them: nothing of them is stored anywhere. */
export class Passes {
  readonly #key: Buffer;
  readonly #now: Now;

  constructor({ secret, now = () => new Date() }: PassOptions) {
    // The configured secret signs other things as well: a key of its own keeps the two apart.
    this.#key = createHmac('sha256', secret).update('passes').digest();
    this.#now = now;
  }

  /** @param purpose what it opens: a pass for one purpose does not open another. */
  issue(purpose: string, seconds: number): string {
    const until = String(this.#now().getTime() + seconds * SECOND_MS);
    return `${until}.${this.#sign(purpose, until).toString('base64url')}`;
  }

  opens(purpose: string, pass: string): boolean {
    const [until = '', sent = ''] = pass.split('.');
    const signature = Buffer.from(sent, 'base64url');
    const expected = this.#sign(purpose, until);
    const genuine = signature.length === expected.length && timingSafeEqual(signature, expected);
    return genuine && Number(until) > this.#now().getTime();
  }

  #sign(purpose: string, until: string): Buffer {
    return createHmac('sha256', this.#key).update(`${purpose}:${until}`).digest();
  }
}

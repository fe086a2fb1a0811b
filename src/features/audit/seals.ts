import { createHmac, hkdfSync } from 'node:crypto';
import { isSame } from '../../platform/security/signer.ts';
import type { Anchor } from './audit.model.ts';
import { canonicalJson } from './canonical-json.ts';

/** What an anchor is of: how far a chain reaches, or what retention has removed of it. */
export type AnchorKind = 'cut' | 'head';

const KEY_BYTES = 32;

/**
 * Seals points of chains (HMAC-SHA-256). Whoever can write to the database alone can make a chain that fits in itself,
 * but no seal for it.
 */
export class Seals {
  readonly #key: Uint8Array;

  constructor(secret: string) {
    this.#key = new Uint8Array(hkdfSync('sha256', secret, '', 'anchors of the audit log', KEY_BYTES));
  }

  seal(chain: string, kind: AnchorKind, point: Omit<Anchor, 'seal'>): Anchor {
    return { ...point, seal: this.#sign(chain, kind, point).toString('base64url') };
  }

  isGenuine(chain: string, kind: AnchorKind, anchor: Anchor): boolean {
    return isSame(Buffer.from(anchor.seal, 'base64url'), this.#sign(chain, kind, anchor));
  }

  #sign(chain: string, kind: AnchorKind, { seq, hash, at }: Omit<Anchor, 'seal'>): Buffer {
    const text = canonicalJson({ chain, kind, seq, hash, at: at.toISOString() });
    return createHmac('sha256', this.#key).update(text).digest();
  }
}

import { createHash } from 'node:crypto';
import type { Id } from '../../shared/ids.ts';
import { chainName, type AuditContent, type AuditEntry, type AuditLink } from './audit.model.ts';
import { canonicalJson } from './canonical-json.ts';

/** What the first entry of a chain names as the hash before it. */
export const GENESIS = '0'.repeat(64);

/** The link of an entry behind another: SHA-256 over its canonical text, which holds the hash of the one before. */
export function linkOf(content: AuditContent, previous: Pick<AuditLink, 'hash' | 'seq'>): AuditLink {
  const seq = previous.seq + 1;
  const previousHash = previous.hash;
  return { seq, previousHash, hash: hashOf(content, { seq, previousHash }) };
}

/** The hash that an entry should have at its place. */
export function hashOf(content: AuditContent, { seq, previousHash }: Omit<AuditLink, 'hash'>): string {
  return createHash('sha256')
    .update(canonicalJson({ ...shownContent(content), seq, previousHash }))
    .digest('hex');
}

/** An entry as JSON: what is hashed, and what is exported, so that an export can be checked by itself. */
export function shownContent(entry: AuditContent) {
  const { _id, merchantId, action, actor, reason, target, before, after, address, requestId, result } = entry;
  return {
    id: _id.toHexString(),
    chain: chainName(merchantId),
    occurredAt: entry.occurredAt.toISOString(),
    action,
    actor: { kind: actor.kind, id: hexOf(actor.id) },
    reason,
    target: target === null ? null : { kind: target.kind, id: target.id },
    before,
    after,
    address,
    requestId,
    result,
  };
}

/** An entry with its place. */
export const shownEntry = (entry: AuditEntry) => {
  const { seq, previousHash, hash } = entry;
  return { ...shownContent(entry), seq, previousHash, hash };
};

const hexOf = (id: Id | null): string | null => id?.toHexString() ?? null;

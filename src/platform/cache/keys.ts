import { createHash } from 'node:crypto';
import { Id } from '../../shared/ids.ts';
import type { Scope } from '../../shared/scope.ts';

/** What keeps one kind of cached value apart from all others. */
export interface Keyspace {
  /** Such as the endpoint's `operationId`; statistics are kept by it. */
  readonly name: string;
  /** Raised with each change of what is stored, so that a new release never reads what an old one wrote. */
  readonly version: number;
}

const LONGEST_PARTS = 200;

/**
 * The key of a value: its kind, for whom, and what it was asked by. The scope is part of it, so that what one tenant was
 * shown never answers another. Parts that are long are told by their hash.
 */
export function cacheKey({ name, version }: Keyspace, scope: Scope, parts: unknown): string {
  const text = JSON.stringify(parts);
  const short = text.length <= LONGEST_PARTS ? text : createHash('sha256').update(text).digest('base64url');
  return `${name}@${String(version)}:${scopeText(scope)}:${short}`;
}

/** A tag of one thing (`products` of a merchant), or of all of its kind. */
export const cacheTag = (kind: string, id?: Id): string => (id === undefined ? kind : `${kind}:${Id.encode(id)}`);

/** The name within a key, by which statistics are kept. */
export function nameOf(key: string): string {
  const end = key.search(/[@:]/);
  return end === -1 ? 'unnamed' : key.slice(0, Math.min(end, 60));
}

function scopeText(scope: Scope): string {
  if (scope.kind === 'merchant') return `merchant-${Id.encode(scope.merchantId)}`;
  return scope.kind === 'user' ? `user-${Id.encode(scope.userId)}` : scope.kind;
}

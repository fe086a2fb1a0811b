import { Id } from '../../shared/ids.ts';
import type { ApiKey } from './api-key.model.ts';
import type { ApiKeyView } from './api-key.schema.ts';

/** The fields that are shown of a key, and so the only ones that a list loads: its digest is not among them. */
export const API_KEY_FIELDS = {
  name: 1,
  prefix: 1,
  scopes: 1,
  createdBy: 1,
  createdAt: 1,
  lastUsedAt: 1,
  expiresAt: 1,
  revokedAt: 1,
} as const;

export type ApiKeyRow = Pick<ApiKey, '_id' | keyof typeof API_KEY_FIELDS>;

export function presentApiKey(row: ApiKeyRow): ApiKeyView {
  const { _id, name, prefix, scopes, createdBy, createdAt, lastUsedAt, expiresAt, revokedAt } = row;
  return {
    id: Id.encode(_id),
    name,
    prefix,
    scopes: [...scopes],
    createdBy: Id.encode(createdBy),
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  };
}

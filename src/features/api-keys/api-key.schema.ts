import { z } from 'zod';
import { Id } from '../../shared/ids.ts';
import { pageOf } from '../../shared/page.ts';
import { Timestamp } from '../../shared/time.ts';
import type { GrantableRights } from './rights.ts';

const MAX_DAYS = 3_650;

/** What is asked of a new key. Its scopes are the rights that endpoints declare, no others. */
export const createApiKeySchema = (rights: GrantableRights) =>
  z
    .strictObject({
      name: z.string().trim().min(1).max(100),
      scopes: z
        .array(z.enum([...rights.keys()]))
        .min(1)
        .max(rights.size)
        .refine((scopes) => new Set(scopes).size === scopes.length, 'must name each once'),
      expiresInDays: z.int().min(1).max(MAX_DAYS).optional(),
    })
    .meta({ id: 'CreateApiKey' });
export type CreateApiKey = z.output<ReturnType<typeof createApiKeySchema>>;

/** A key as those who manage the store see it: by its beginning. */
export const ApiKeyView = z
  .strictObject({
    id: Id,
    name: z.string(),
    prefix: z
      .string()
      .meta({ description: 'The beginning of the key, to know it again by.', examples: ['mpk_012345'] }),
    scopes: z.array(z.string()),
    createdBy: Id,
    createdAt: Timestamp,
    lastUsedAt: Timestamp.nullable().meta({ description: 'To within ten minutes; null while it was never used.' }),
    expiresAt: Timestamp.nullable(),
    revokedAt: Timestamp.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyView = z.input<typeof ApiKeyView>;
export const ApiKeyPage = pageOf(ApiKeyView).meta({ id: 'ApiKeyPage' });

export const CreatedApiKey = z
  .strictObject({
    ...ApiKeyView.shape,
    secret: z.string().meta({ description: 'The key itself. Shown this once: nobody can read it later.' }),
  })
  .meta({ id: 'CreatedApiKey' });
export type CreatedApiKey = z.input<typeof CreatedApiKey>;

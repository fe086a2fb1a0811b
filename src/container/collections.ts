import type { StoredCollection } from '../platform/database/collection.ts';

/** Every collection of the platform: what is migrated, and what the tests of scopes and indexes walk. */
export const collections: readonly StoredCollection[] = [];

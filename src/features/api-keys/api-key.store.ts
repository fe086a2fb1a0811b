import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { ApiKey } from './api-key.model.ts';

/** Writes of API keys, each a single atomic operation. */
export class ApiKeyStore {
  readonly #keys: ScopedModel<ApiKey>;

  constructor(keys: ScopedModel<ApiKey>) {
    this.#keys = keys;
  }

  async insert(key: ApiKey, access: Access): Promise<void> {
    await this.#keys.create([key], access);
  }

  /** @returns the digest of what was revoked, or undefined if there was nothing to revoke */
  async revoke(
    _id: Id,
    ended: Pick<ApiKey, 'removeAt'> & { readonly revokedAt: Date },
    access: Access,
  ): Promise<string | undefined> {
    const revoked = await this.#keys
      .findOneAndUpdate({ _id, revokedAt: null }, { $set: ended }, { ...access, projection: { digest: 1 } })
      .lean<Pick<ApiKey, 'digest'>>();
    return revoked?.digest;
  }

  /** Notes that a key was used, unless another process has just done so. */
  async noteUse({ _id, lastUsedAt }: Pick<ApiKey, '_id' | 'lastUsedAt'>, now: Date, access: Access): Promise<void> {
    await this.#keys.updateOne({ _id, lastUsedAt }, { $set: { lastUsedAt: now } }, access);
  }
}

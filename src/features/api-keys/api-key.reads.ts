import type { ScopedModel } from '../../platform/database/collection.ts';
import { paginateCursor } from '../../platform/database/pagination.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Cursors } from '../../platform/security/cursors.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import type { ApiKey } from './api-key.model.ts';
import { API_KEY_FIELDS, type ApiKeyRow } from './api-key.presenter.ts';

const TO_VERIFY = { merchantId: 1, scopes: 1, expiresAt: 1, lastUsedAt: 1 } as const;
export type KeyToVerify = Pick<ApiKey, '_id' | keyof typeof TO_VERIFY>;

/** Reads of API keys. */
export class ApiKeyReads {
  readonly #keys: ScopedModel<ApiKey>;
  readonly #cursors: Cursors;

  constructor(keys: ScopedModel<ApiKey>, cursors: Cursors) {
    this.#keys = keys;
    this.#cursors = cursors;
  }

  /** One that was not revoked. Whether it is over, its reader sees: an answer is remembered for longer than a moment. */
  async findByDigest(digest: string, access: Access): Promise<KeyToVerify | undefined> {
    return (await this.#keys.findOne({ digest, revokedAt: null }, TO_VERIFY, access).lean<KeyToVerify>()) ?? undefined;
  }

  /** Those of the scope's store, the newest first; revoked and expired ones too, for as long as they are kept. */
  findPage(page: PageQuery, access: Access): Promise<Page<ApiKeyRow>> {
    const list = { list: 'api-keys', filter: {}, fields: API_KEY_FIELDS, sort: { createdAt: -1 }, page } as const;
    return paginateCursor(this.#keys, list, this.#cursors, access);
  }
}

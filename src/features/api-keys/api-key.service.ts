import type { Access } from '../../platform/database/scoped.ts';
import type { Transact } from '../../platform/database/transaction.ts';
import { forbidden } from '../../platform/http/problems.ts';
import type { AppendEvent } from '../../platform/outbox/event.ts';
import { newApiKey, shownOf } from '../../platform/security/api-keys.ts';
import { digestOf } from '../../platform/security/secrets.ts';
import { newId, type Id } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import { Problem } from '../../shared/problem.ts';
import type { MerchantContext } from '../../shared/scope.ts';
import { DAY_MS, type Now } from '../../shared/time.ts';
import type { MerchantRole } from '../identity/index.ts';
import { apiKeyEvent } from './api-key.events.ts';
import type { ApiKey } from './api-key.model.ts';
import { presentApiKey } from './api-key.presenter.ts';
import { apiKeyNotFound } from './api-key.problems.ts';
import type { ApiKeyReads } from './api-key.reads.ts';
import type { ApiKeyView, CreateApiKey, CreatedApiKey } from './api-key.schema.ts';
import type { ApiKeyStore } from './api-key.store.ts';
import type { ApiKeyWatch } from './api-key.watch.ts';
import { beyond, type GrantableRights } from './rights.ts';

export interface ApiKeyDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  /** Who is what in a store: known by the feature that keeps the stores. */
  readonly memberships: { findRole(userId: Id, access: Access): Promise<MerchantRole | undefined> };
  readonly store: Pick<ApiKeyStore, 'insert' | 'revoke'>;
  readonly reads: Pick<ApiKeyReads, 'findPage'>;
  readonly watch: Pick<ApiKeyWatch, 'forget'>;
  readonly now: Now;
}

/** For how long a key that has ended is still listed. */
const LISTED_MS = 90 * DAY_MS;

/** The keys of a store, by which programs call in its name. */
export class ApiKeyService {
  readonly #deps: ApiKeyDeps;

  constructor(deps: ApiKeyDeps) {
    this.#deps = deps;
  }

  async list({ scope }: MerchantContext, page: PageQuery): Promise<Page<ApiKeyView>> {
    const found = await this.#deps.reads.findPage(page, { scope });
    return { ...found, data: found.data.map(presentApiKey) };
  }

  /**
   * Makes a key and shows its secret, which nobody can read later.
   * @throws Problem `forbidden` where the key could do more than who makes it, and for whoever is nobody of the store
   */
  async create(context: MerchantContext, asked: CreateApiKey, rights: GrantableRights): Promise<CreatedApiKey> {
    const { transact, appendEvent, memberships, store, now } = this.#deps;
    const { scope, actor } = context;
    if (actor.kind !== 'user') throw new Problem(forbidden, 'Keys are made by people');
    const secret = newApiKey();
    const key = keyOf(asked, { merchantId: scope.merchantId, createdBy: actor.id, secret, at: now() });
    return transact(context, async (access) => {
      const excess = beyond(await memberships.findRole(actor.id, access), asked.scopes, rights);
      if (excess.length > 0) {
        throw new Problem(forbidden, `A key may do no more than who makes it, which leaves out ${excess.join(', ')}`);
      }
      await store.insert(key, access);
      const after = { name: key.name, scopes: key.scopes, expiresAt: key.expiresAt };
      const change = { target: { kind: 'api-key', id: key._id }, after };
      await appendEvent(context, apiKeyEvent('api-key.created', scope.merchantId, key._id), access, change);
      return { ...presentApiKey(key), secret };
    });
  }

  /** Ends a key: here at once, in other processes within moments. */
  async revoke(context: MerchantContext, keyId: Id): Promise<void> {
    const { transact, appendEvent, store, watch, now } = this.#deps;
    const revokedAt = now();
    const digest = await transact(context, async (access) => {
      const revoked = await store.revoke(keyId, { revokedAt, removeAt: after(revokedAt, LISTED_MS) }, access);
      if (revoked === undefined) throw new Problem(apiKeyNotFound, 'No key of this store that still works has this id');
      const change = { target: { kind: 'api-key', id: keyId }, after: { revokedAt } };
      await appendEvent(context, apiKeyEvent('api-key.revoked', context.scope.merchantId, keyId), access, change);
      return revoked;
    });
    watch.forget(digest);
  }
}

interface Made {
  readonly merchantId: Id;
  readonly createdBy: Id;
  readonly secret: string;
  readonly at: Date;
}

function keyOf({ name, scopes, expiresInDays }: CreateApiKey, { merchantId, createdBy, secret, at }: Made): ApiKey {
  const expiresAt = expiresInDays === undefined ? null : after(at, expiresInDays * DAY_MS);
  return {
    _id: newId(),
    merchantId,
    name,
    prefix: shownOf(secret),
    digest: digestOf(secret),
    scopes,
    createdBy,
    createdAt: at,
    lastUsedAt: null,
    expiresAt,
    revokedAt: null,
    removeAt: expiresAt && after(expiresAt, LISTED_MS),
  };
}

const after = (moment: Date, durationMs: number): Date => new Date(moment.getTime() + durationMs);

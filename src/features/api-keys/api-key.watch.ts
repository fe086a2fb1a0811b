import { LRUCache } from 'lru-cache';
import { asSystem } from '../../platform/database/scoped.ts';
import type { Logger } from '../../platform/observability/logger.ts';
import { isWellFormed } from '../../platform/security/api-keys.ts';
import { digestOf } from '../../platform/security/secrets.ts';
import { MINUTE_MS, SECOND_MS, type Now } from '../../shared/time.ts';
import type { KeyLookup, VerifiedKey } from '../identity/index.ts';
import type { ApiKeyReads, KeyToVerify } from './api-key.reads.ts';
import type { ApiKeyStore } from './api-key.store.ts';

/** For how long another process may still take a key that was revoked. */
const REMEMBERED_MS = 2 * SECOND_MS;
const MAX_REMEMBERED = 10_000;

/** How exact the last use is: a key that is used all day costs one write in that time. */
const USE_NOTED_EVERY_MS = 10 * MINUTE_MS;

export interface ApiKeyWatchDeps {
  readonly reads: Pick<ApiKeyReads, 'findByDigest'>;
  readonly store: Pick<ApiKeyStore, 'noteUse'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly now: Now;
}

/**
 * Knows which keys are good, from the database, and remembers the answer for a moment. A key is found by its digest: how
 * long that takes tells nothing of the secret, and an unknown key costs what a revoked one does.
 */
export class ApiKeyWatch implements KeyLookup {
  readonly #deps: ApiKeyWatchDeps;
  // By digest: no secret stays in memory.
  readonly #answers = new LRUCache<string, Promise<KeyToVerify | undefined>>({
    max: MAX_REMEMBERED,
    ttl: REMEMBERED_MS,
  });

  constructor(deps: ApiKeyWatchDeps) {
    this.#deps = deps;
  }

  async verify(secret: string): Promise<VerifiedKey | undefined> {
    if (!isWellFormed(secret)) return undefined;
    const digest = digestOf(secret);
    const key = await (this.#answers.get(digest) ?? this.#ask(digest));
    if (key === undefined || isOver(key, this.#deps.now())) return undefined;
    return { id: key._id, merchantId: key.merchantId, rights: key.scopes };
  }

  /** In this process a key that has just been revoked is refused at once. */
  forget(digest: string): void {
    this.#answers.delete(digest);
  }

  #ask(digest: string): Promise<KeyToVerify | undefined> {
    const answer = this.#load(digest);
    this.#answers.set(digest, answer);
    answer.catch(() => {
      // A database that was away is asked again; whoever waits for the answer learns of it.
      if (this.#answers.peek(digest) === answer) this.#answers.delete(digest);
    });
    return answer;
  }

  async #load(digest: string): Promise<KeyToVerify | undefined> {
    const { reads, store, logger, now } = this.#deps;
    const key = await reads.findByDigest(digest, asSystem('API key of a caller'));
    const at = now();
    if (key === undefined || isOver(key, at) || wasNoted(key, at)) return key;
    try {
      await store.noteUse(key, at, asSystem('use of an API key'));
    } catch (error) {
      // Whoever calls wants something else than to have it noted.
      logger.warn({ error }, 'the use of an API key was not noted');
    }
    return key;
  }
}

const isOver = ({ expiresAt }: KeyToVerify, now: Date): boolean => expiresAt !== null && expiresAt <= now;

const wasNoted = ({ lastUsedAt }: KeyToVerify, now: Date): boolean =>
  lastUsedAt !== null && now.getTime() - lastUsedAt.getTime() < USE_NOTED_EVERY_MS;

import type { Request, RequestHandler, Response } from 'express';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '../../shared/scope.ts';
import type { Cache, Cached } from '../cache/cache.ts';
import { cacheKey } from '../cache/keys.ts';
import { FinishedAnswer, finishedAnswers, sendFinished } from './answer.ts';
import type { Edge } from './edge.ts';
import type { AnswerPolicy, Endpoint } from './endpoint.ts';
import { exchangeOf, type HeaderPairs } from './exchange.ts';
import { schemaVersion } from './schema-version.ts';

/** Addresses remembered at once, and how long one of them may be: some 10 MB at most. */
const MAX_ADDRESSES = 10_000;
const MAX_ADDRESS_LENGTH = 512;

/** What an address leads to. */
interface KeptAddress {
  readonly key: string;
  readonly operationId: string;
}

interface Ready {
  readonly operationId: string;
  readonly cached: Cached<FinishedAnswer>;
}

/**
 * The answers of the endpoints that declare a cache policy, kept as finished bytes. An address that was once found good, for an
 * answer that is the same for everybody, leads straight to that: nothing but the limit of the network address decides there.
 */
export class KeptAnswers {
  readonly #cache: Pick<Cache, 'fetch' | 'peek'>;
  readonly #track: Edge['track'];
  readonly #addresses = new LRUCache<string, KeptAddress>({ max: MAX_ADDRESSES });

  constructor({ cache, track }: Pick<Edge, 'cache' | 'track'>) {
    this.#cache = cache;
    this.#track = track;
  }

  /** Answers what is known to be good and lies in memory, once the limit has counted it; passes on all else uncounted. */
  answerAtOnce(limit: RequestHandler): RequestHandler {
    return (req, res, next) => {
      const ready = this.#readyFor(req);
      if (ready === undefined) {
        next();
        return;
      }
      return limit(req, res, () => {
        this.#answer(req, res, ready);
      });
    };
  }

  #readyFor({ method, url }: Request): Ready | undefined {
    const address = method === 'GET' || method === 'HEAD' ? this.#addresses.get(url) : undefined;
    const cached = address && this.#cache.peek<FinishedAnswer>(address.key);
    return address && cached && { operationId: address.operationId, cached };
  }

  #answer(req: Request, res: Response, { operationId, cached }: Ready): void {
    exchangeOf(res).trace.operationId = operationId;
    this.send(req, res, cached, FOR_EVERYBODY);
  }

  /** Sends a kept answer, with where it came from, for operators; and counts what is seen by it. */
  send(req: Request, res: Response, cached: Cached<FinishedAnswer>, pairs: HeaderPairs): void {
    const { value, source, ageSeconds } = cached;
    sendFinished(req, res, value, 200, pairs.concat('Age', String(Math.floor(ageSeconds)), 'X-Cache', source));
    if (value.fields.seen !== undefined && req.method === 'GET') this.#track?.(value.fields.seen);
  }

  /** Takes an answer from the cache, or has it made and kept. */
  fetch(key: string, load: () => Promise<FinishedAnswer>, policy: AnswerPolicy): Promise<Cached<FinishedAnswer>> {
    return this.#cache.fetch(key, load, policy, finishedAnswers);
  }

  /** From now on this address is answered by what lies under the key, to whoever asks. */
  remember({ originalUrl }: Request, address: KeptAddress): void {
    if (originalUrl.length <= MAX_ADDRESS_LENGTH) this.#addresses.set(originalUrl, address);
  }
}

/** Kept anywhere, shown only after asking whether it still holds: what was invalidated is never served again. */
export const FOR_EVERYBODY: HeaderPairs = ['Cache-Control', 'public, no-cache'];

type KeyOf = (
  context: Pick<RequestContext, 'language' | 'role' | 'scope'>,
  input: object,
  chosen: readonly string[] | undefined,
  policy: AnswerPolicy,
) => string;

/**
 * Keys of an endpoint's answers. The schema of what is shown is part of them, so that a version that shows something else makes
 * its own; and the scope, since what one tenant was shown must never answer another.
 */
export function answerKeys({ operationId, output }: Endpoint): KeyOf {
  const keyspace = { name: operationId, version: schemaVersion(output) };
  return ({ scope, role = '', language = '' }, input, chosen = [], { vary = [] }) => {
    const parts = [input, chosen, vary.includes('role') ? role : '', vary.includes('language') ? language : ''];
    return cacheKey(keyspace, scope, parts);
  };
}

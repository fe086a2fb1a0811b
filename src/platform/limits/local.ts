import { LRUCache } from 'lru-cache';
import type { Limiter, LimitRule, Standing } from './limit.ts';

/** Callers remembered at once. The one longest unseen is forgotten first, so that a flood of addresses costs no memory. */
const MAX_CALLERS = 50_000;

interface Window {
  count: number;
  readonly endsAt: number;
}

/**
 * Counts in this process alone and grants this process's share of each quota, on the assumption that a balancer
 * spreads requests evenly.
 */
export class LocalLimiter implements Limiter {
  readonly #windows = new LRUCache<string, Window>({ max: MAX_CALLERS });
  readonly #instances: number;
  readonly #now: () => number;

  /** @param instances how many processes share the requests. */
  constructor(instances: number, now: () => number = Date.now) {
    this.#instances = instances;
    this.#now = now;
  }

  take(rule: LimitRule, key: string): Standing {
    const quota = Math.ceil(rule.quota / this.#instances);
    const now = this.#now();
    const window = this.#windowOf(rule, key, now);
    window.count += 1;
    return {
      rule,
      allowed: window.count <= quota,
      remaining: Math.max(0, quota - window.count),
      resetSeconds: Math.ceil((window.endsAt - now) / 1_000),
    };
  }

  #windowOf({ name, windowSeconds }: LimitRule, key: string, now: number): Window {
    const id = `${name}:${key}`;
    const current = this.#windows.get(id);
    if (current !== undefined && current.endsAt > now) return current;
    const fresh = { count: 0, endsAt: now + windowSeconds * 1_000 };
    this.#windows.set(id, fresh);
    return fresh;
  }
}

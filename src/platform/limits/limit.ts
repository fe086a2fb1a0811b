/** So many requests in so many seconds, counted in fixed windows. */
export interface LimitRule {
  /** Names the policy in the `RateLimit` headers. */
  readonly name: string;
  readonly quota: number;
  readonly windowSeconds: number;
  /** Counted over all instances in Redis, not in the share of this one: costs a round trip. */
  readonly exact?: boolean;
}

/** How a caller stands with a rule after one more request. */
export interface Standing {
  readonly rule: LimitRule;
  readonly allowed: boolean;
  readonly remaining: number;
  /** Until the window ends. */
  readonly resetSeconds: number;
}

export interface Limiter {
  /**
   * Counts one request of `key` against a rule; at once where nobody else has to be asked. Never throws: what cannot be counted is
   * let through or counted elsewhere.
   */
  take(rule: LimitRule, key: string): Promise<Standing> | Standing;
}

/** The header fields of draft-ietf-httpapi-ratelimit-headers-10, names and values in turn. */
export function limitHeaders(standings: readonly Standing[]): readonly string[] {
  const policy = standings.map(({ rule }) => `"${rule.name}";q=${String(rule.quota)};w=${String(rule.windowSeconds)}`);
  const state = standings.map(
    ({ rule, remaining, resetSeconds }) => `"${rule.name}";r=${String(remaining)};t=${String(resetSeconds)}`,
  );
  return ['RateLimit-Policy', policy.join(', '), 'RateLimit', state.join(', ')];
}

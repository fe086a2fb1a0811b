import type { Id } from './ids.ts';
import type { Locale } from './locale.ts';

export interface MerchantScope {
  readonly kind: 'merchant';
  readonly merchantId: Id;
}

export interface UserScope {
  readonly kind: 'user';
  readonly userId: Id;
}

export interface PublicScope {
  readonly kind: 'public';
}

/** Sees every tenant; the reason is written to the audit log. */
export interface SystemScope {
  readonly kind: 'system';
  readonly reason: string;
}

/** Whose data a request or a job may touch. Found from the token and a membership looked up, never from a path. */
export type Scope = MerchantScope | PublicScope | SystemScope | UserScope;

export type Actor = { readonly kind: 'anonymous' } | { readonly kind: 'apiKey' | 'user'; readonly id: Id };

/** Who calls, and on whose data. */
export interface Identity<S extends Scope = Scope> {
  readonly actor: Actor;
  readonly scope: S;
  /** What the caller is in the store, or on the platform; unknown of keys, and where no role is asked for. */
  readonly role?: string;
}

/** All that a use case may know of the request that asked for it. */
export interface RequestContext<S extends Scope = Scope> extends Identity<S> {
  readonly requestId: string;
  readonly traceparent: string | undefined;
  /** The caller's network address, as seen past the trusted proxies. */
  readonly address: string;
  /** When nobody waits for the answer any more, in milliseconds since 1970: retries end before it. */
  readonly deadlineAt: number;
  readonly ifMatch: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** What the caller reads best of the languages that there are; left out where it accepts none of them, or does not say. */
  readonly language?: Locale;
}

export type MerchantContext = RequestContext<MerchantScope>;
export type UserContext = RequestContext<UserScope>;

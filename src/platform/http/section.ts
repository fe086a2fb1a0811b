import type { z } from 'zod';
import type { MerchantScope, RequestContext, UserScope } from '../../shared/scope.ts';
import type { CachePolicy } from '../cache/cache.ts';

/** The first screens of the apps: `bootstrap` of a user's, `dashboard` of a merchant's. */
export interface Screens {
  readonly bootstrap: UserScope;
  readonly dashboard: MerchantScope;
}

export type Screen = keyof Screens;

/** One part of a first screen, told by the feature that knows it. */
export interface Section<N extends Screen = Screen, O extends z.ZodType = z.ZodType> {
  readonly screen: N;
  /** Its place in the answer. */
  readonly name: string;
  /** The lowest role of those who see it; everybody who sees the screen unless said. */
  readonly role?: 'manager' | 'owner';
  readonly output: O;
  /** After so long the screen goes without it. */
  readonly timeoutMs: number;
  /** The most database operations it may cost. */
  readonly queryBudget: number;
  /** How long it may be kept. What no event ends, and what is decided upon, is loaded each time. */
  cache?(scope: Screens[N]): CachePolicy;
  load(context: RequestContext<Screens[N]>): Promise<z.input<O>>;
}

/** Checks one declaration against its own schema, then forgets the types: a screen holds sections of all kinds. */
export function section<const N extends Screen, O extends z.ZodType>(declaration: Section<N, O>): Section {
  return declaration;
}

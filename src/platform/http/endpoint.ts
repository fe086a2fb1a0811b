import type { z } from 'zod';
import type { ProblemKind } from '../../shared/problem.ts';
import type { RequestContext, Scope } from '../../shared/scope.ts';
import type { CachePolicy } from '../cache/cache.ts';
import type { LimitRule } from '../limits/limit.ts';
import type { Vary } from './anybody.ts';
import type { Section } from './section.ts';

/** What an API key is allowed one by one. Endpoints declare it; keys are given some of what is declared. */
export type Right = `${string}:${'read' | 'write'}`;

/** Who may call. The scope decides whose data is seen, the role (or the API key's right) whether at all. */
export type Permission =
  | {
      readonly scope: 'merchant';
      readonly role: 'manager' | 'owner' | 'staff';
      /** The right by which a key may call; null where only people may. */
      readonly apiKey: Right | null;
    }
  | { readonly scope: 'public' }
  | { readonly scope: 'system'; readonly role: 'admin' | 'support' }
  | { readonly scope: 'user' };

/** The parts of a request an endpoint may read; a part left out is a part the handler never sees. */
export type RequestShape = z.ZodObject<{ params?: z.ZodObject; query?: z.ZodObject; body?: z.ZodType }>;

/** A limit of one endpoint, beside those that hold for all: a sign-in, a report. */
export interface EndpointLimit extends Omit<LimitRule, 'name'> {
  readonly per: 'actor' | 'address' | 'tenant';
}

/**
 * How an answer may be kept. Whose data it shows is always part of its key, and who asked is never known to the handler of a
 * kept answer; `vary` names what else it depends on.
 */
export interface AnswerPolicy extends CachePolicy {
  readonly vary?: readonly Vary[];
}

/** What somebody has looked at: counted, and lost without harm. */
export interface Seen {
  /** `product.viewed`. */
  readonly type: string;
  /** Ids, as they are shown. */
  readonly merchantId: string;
  readonly subjectId: string;
}

/** Everything the server knows of one route; validation, types, OpenAPI and tests are read from this. */
export interface Endpoint<
  P extends Permission = Permission,
  I extends RequestShape = RequestShape,
  O extends z.ZodType = z.ZodType,
> {
  readonly method: 'delete' | 'get' | 'patch' | 'post' | 'put';
  /** Below `/api`. */
  readonly path: `/${string}`;
  readonly operationId: string;
  readonly summary: string;
  readonly permission: P;
  readonly input: I;
  /** `z.void()` beside the status 204. */
  readonly output: O;
  readonly status: number;
  readonly problems: readonly ProblemKind[];
  /** The most database operations one call may cost; a test that sees more fails. */
  readonly queryBudget: number;
  /** Whether an `Idempotency-Key` is demanded: on every POST that moves money, stock or orders. */
  readonly idempotent: boolean;
  /** Whether `?fields=` may narrow the cards of a list, or the one object of a detail, to some of its fields. */
  readonly narrowable?: boolean;
  /** The narrowest first: none behind the first that refuses a request counts it. Of one `per` there is one. */
  readonly limits?: readonly EndpointLimit[];
  /** Media types, where the handler returns a `StreamedAnswer` in place of JSON; the output is `Streamed` then. */
  readonly streams?: readonly string[];
  /** How long the answer may be kept, and which changes end it earlier. Not kept at all unless declared. */
  cache?(input: z.output<I>, scope: Extract<Scope, { kind: P['scope'] }>): AnswerPolicy;
  /** What each reader of the answer has seen, also where it is a kept one. For GETs that declare how long they are kept. */
  track?(input: z.output<I>, output: z.input<O>): Seen;
  headers?(output: z.input<O>): Readonly<Record<string, string>>;
  handle(input: z.output<I>, context: RequestContext<Extract<Scope, { kind: P['scope'] }>>): Promise<z.input<O>>;
}

/** Checks one declaration against its own schemas, then forgets their types: a list holds endpoints of all kinds. */
export function endpoint<const P extends Permission, I extends RequestShape, O extends z.ZodType>(
  declaration: Endpoint<P, I, O>,
): Endpoint {
  return declaration as unknown as Endpoint;
}

/** What one business noun brings to the API. Its name groups the endpoints on the docs page. */
export interface Feature {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** What it contributes to the first screens of the apps. */
  readonly sections?: readonly Section[];
}

import type { RequestContext, Scope } from '../../shared/scope.ts';

/** What a kept value may depend on besides the scope. */
export type Vary = 'language' | 'role';

/** A context as the loader of a kept value gets it: what is kept for all of a scope must not know which of them asked first. */
export function asOfAnybody<S extends Scope>(
  context: RequestContext<S>,
  vary: readonly Vary[] = [],
): RequestContext<S> {
  const { scope, requestId, traceparent, deadlineAt, role, language } = context;
  return {
    actor: { kind: 'anonymous' },
    scope,
    requestId,
    traceparent,
    deadlineAt,
    address: '',
    ifMatch: undefined,
    idempotencyKey: undefined,
    ...(role !== undefined && vary.includes('role') && { role }),
    ...(language !== undefined && vary.includes('language') && { language }),
  };
}

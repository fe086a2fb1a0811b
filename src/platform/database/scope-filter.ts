import type { Scope } from '../../shared/scope.ts';

export type ScopeFilter = Readonly<Record<string, unknown>>;

/** The scopes that may touch a model and the filter each of them injects. A scope left out is refused. */
export type ScopeFilters = { readonly [K in Scope['kind']]?: (scope: Extract<Scope, { kind: K }>) => ScopeFilter };

/** A fault of the program, not of the caller: an operation that the scope plugin does not let through. */
export class ScopeError extends Error {
  override readonly name = 'ScopeError';
}

/** The filter that a model's declaration gives for a scope. @throws ScopeError where it allows none. */
export function filterFor(filters: ScopeFilters, scope: Scope): ScopeFilter {
  const filter = filters[scope.kind] as ((scope: Scope) => ScopeFilter) | undefined;
  if (filter === undefined) throw new ScopeError(`Scope '${scope.kind}' may not touch this model`);
  return filter(scope);
}

import { Problem, type ProblemKind } from './problem.ts';
import type { RequestContext } from './scope.ts';

export const preconditionFailed: ProblemKind = {
  code: 'precondition-failed',
  status: 412,
  title: 'It has changed since it was read',
};

/** The entity tag of a stored version. */
export const etagOf = (version: number): string => `"v${String(version)}"`;

/**
 * Refuses an edit that was made to another version than the stored one.
 * @throws Problem `precondition-failed` when the request's `If-Match` names other versions only.
 */
export function demandVersion({ ifMatch }: Pick<RequestContext, 'ifMatch'>, version: number): void {
  if (ifMatch === undefined) return;
  // A proxy that compresses on the way turns our tag into a weak one; it still names the version.
  const named = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (named.includes('*') || named.includes(etagOf(version))) return;
  throw new Problem(preconditionFailed, `It is at version ${String(version)} now`, { version });
}

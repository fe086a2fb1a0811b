import type { z } from 'zod';
import { Problem, type FieldError, type ProblemKind } from '../../shared/problem.ts';
import type { Actor } from '../../shared/scope.ts';

export { unavailable } from '../../shared/problem.ts';

export const malformedRequest: ProblemKind = {
  code: 'malformed-request',
  status: 400,
  title: 'Request cannot be read',
};
export const keyRequired: ProblemKind = {
  code: 'idempotency-key-required',
  status: 400,
  title: 'Idempotency-Key is required',
};
export const unauthenticated: ProblemKind = { code: 'unauthenticated', status: 401, title: 'Sign in first' };
export const forbidden: ProblemKind = { code: 'forbidden', status: 403, title: 'Not allowed' };
export const routeNotFound: ProblemKind = { code: 'route-not-found', status: 404, title: 'There is nothing here' };
export const methodNotAllowed: ProblemKind = {
  code: 'method-not-allowed',
  status: 405,
  title: 'Method is not allowed here',
};
export const requestTooSlow: ProblemKind = {
  code: 'request-too-slow',
  status: 408,
  title: 'Request did not arrive in time',
};
export const payloadTooLarge: ProblemKind = { code: 'payload-too-large', status: 413, title: 'Request is too large' };
export const unsupportedMediaType: ProblemKind = {
  code: 'unsupported-media-type',
  status: 415,
  title: 'Body is of a type that is not read here',
};
export const invalidRequest: ProblemKind = { code: 'invalid-request', status: 422, title: 'Request is not valid' };
export const tooManyRequests: ProblemKind = { code: 'too-many-requests', status: 429, title: 'Too many requests' };
export const headersTooLarge: ProblemKind = { code: 'headers-too-large', status: 431, title: 'Headers are too large' };
export const internalError: ProblemKind = { code: 'internal-error', status: 500, title: 'Something went wrong' };
export const timedOut: ProblemKind = { code: 'timed-out', status: 503, title: 'Answer did not come in time' };

/** A refusal that names every failing field. Messages are the schema's own and repeat nothing that was sent. */
export function invalid({ issues }: z.ZodError): Problem {
  return invalidFields(issues.flatMap(fieldErrors));
}

/** The same refusal, of what no schema can say. */
export function invalidFields(errors: readonly FieldError[]): Problem {
  return new Problem(invalidRequest, `${String(errors.length)} field(s) are not valid`, { errors });
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String);
  // Zod tells all unknown fields of an object in one issue of the object; each is a fault of its own.
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: issue.message }];
  return issue.keys.map((key) => ({ path: [...path, key.slice(0, 64)].join('.'), message: 'is not a known field' }));
}

/** Somebody known who may not call what is for the platform's own people. */
export class CallerRefused extends Problem {
  readonly actor: Actor;

  constructor(detail: string, actor: Actor) {
    super(forbidden, detail);
    this.actor = actor;
  }
}

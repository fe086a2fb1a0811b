import type { ErrorRequestHandler, Response } from 'express';
import type { z } from 'zod';
import { isError } from '../../shared/errors.ts';
import { Problem, type FieldError, type ProblemKind } from '../../shared/problem.ts';
import { currentTrace } from '../observability/trace.ts';

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
  const errors = issues.flatMap(fieldErrors);
  return new Problem(invalidRequest, `${String(errors.length)} field(s) are not valid`, { errors });
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String);
  // Zod tells all unknown fields of an object in one issue of the object; each is a fault of its own.
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: issue.message }];
  return issue.keys.map((key) => ({ path: [...path, key.slice(0, 64)].join('.'), message: 'is not a known field' }));
}

/** Turns a failure of some other part (the database is away) into what the caller is told, or passes with undefined. */
export type Translate = (error: unknown) => Problem | undefined;

/** Reports a failure that somebody must look into. */
export type Report = (error: unknown) => void;

const DECLARED = 'declaredProblems';

/** From here on this request may be answered by these kinds of failure only: any other one is a fault of ours. For tests. */
export function allowProblems(res: Response, kinds: readonly ProblemKind[]): void {
  res.locals[DECLARED] = kinds.map(({ code }) => code);
}

/** An undeclared kind of failure is one that the API's document keeps from its callers. */
function undeclared(res: Response, { kind }: Problem): Error | undefined {
  const declared = res.locals[DECLARED] as readonly string[] | undefined;
  if (declared === undefined || declared.includes(kind.code)) return undefined;
  return new Error(`The endpoint does not declare the problem ${kind.code}`);
}

/** Last in the chain. Only what answers 500 is reported: an expected failure is no error of ours. */
export function problemHandler(report: Report, translations: readonly Translate[] = []): ErrorRequestHandler {
  return (thrown: unknown, _req, res, next) => {
    const told = toProblem(thrown, translations);
    const fault = undeclared(res, told);
    const error = fault ?? thrown;
    const problem = fault === undefined ? told : toProblem(fault, []);
    if (problem.kind.status === 500) report(error);
    // Already answered: by the time limit, which did not wait for the handler.
    if (res.writableEnded) return;
    if (res.headersSent) {
      // Half an answer can only be broken off, so that nobody takes it for a whole one.
      next(error);
      return;
    }
    sendProblem(res, problem);
  };
}

function sendProblem(res: Response, problem: Problem): void {
  const { status } = problem.kind;
  if (status === 401) res.set('WWW-Authenticate', 'Bearer');
  const { retryAfterSeconds = status === 503 ? 1 : undefined } = problem.details;
  if (typeof retryAfterSeconds === 'number') res.set('Retry-After', String(retryAfterSeconds));
  res.set('Cache-Control', 'no-store').status(status).type('application/problem+json');
  res.send(JSON.stringify(problemBody(problem, currentTrace()?.requestId ?? '')));
}

/** The body of a problem's answer. */
export function problemBody(problem: Problem, requestId: string): Record<string, unknown> {
  return { ...problem.toJSON(), requestId };
}

/** What Express and its parsers mean by their own errors. Their messages quote the request, so they are not passed on. */
const BY_STATUS: Readonly<Record<number, { readonly kind: ProblemKind; readonly detail: string }>> = {
  413: { kind: payloadTooLarge, detail: 'The body is longer than this endpoint reads' },
  415: { kind: unsupportedMediaType, detail: 'Send application/json in UTF-8, plain or as gzip, deflate or br' },
};

function toProblem(error: unknown, translations: readonly Translate[]): Problem {
  if (error instanceof Problem) return error;
  for (const translate of translations) {
    const problem = translate(error);
    if (problem !== undefined) return problem;
  }
  const status = isError(error) && 'status' in error ? Number(error.status) : 500;
  if (!(status >= 400 && status < 500)) {
    return new Problem(internalError, 'The failure has been reported under this request id');
  }
  const known = BY_STATUS[status];
  if (known !== undefined) return new Problem(known.kind, known.detail);
  return new Problem(malformedRequest, 'The body or path cannot be parsed');
}

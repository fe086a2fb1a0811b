import type { ErrorRequestHandler, Response } from 'express';
import { isError } from '../../shared/errors.ts';
import { Problem, type ProblemKind } from '../../shared/problem.ts';
import { currentTrace } from '../observability/trace.ts';
import { internalError, malformedRequest, payloadTooLarge, unsupportedMediaType } from './problems.ts';

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

import { expect, test } from '@jest/globals';
import type { ApplyContext, UpdateOptions } from './compile.ts';
import { apply, bytesOf, failureOf } from './fixture.ts';

/** What an update makes of a document, types and order of fields included. */
export interface UpdateCase {
  readonly name: string;
  readonly before: object;
  readonly update: object;
  /** The same as before where it is missing: a no-op. */
  readonly after?: object;
  readonly context?: Partial<ApplyContext>;
  readonly options?: Partial<UpdateOptions>;
}

/** One test a case: the bytes of the document after it, that `modified` is right. */
export function testUpdates(cases: readonly UpdateCase[]): void {
  test.each(cases)('$name', ({ before, update, after, context, options }) => {
    const { document, modified } = apply(before, update, context, options);
    expect(bytesOf(document)).toBe(bytesOf(after ?? before));
    expect(modified).toBe(after !== undefined);
  });
}

/** What an update is refused with. */
export interface FailureCase {
  readonly update: object;
  readonly code: number;
  readonly message: string;
  /** `{ _id: 1 }` where it is missing. */
  readonly before?: object;
  readonly context?: Partial<ApplyContext>;
  readonly options?: Partial<UpdateOptions>;
}

/** One test a case: code and message of the error. */
export function testFailures(cases: readonly FailureCase[]): void {
  test.each(cases)('$code $message', ({ before = { _id: 1 }, update, code, message, context, options }) => {
    expect(failureOf(() => apply(before, update, context, options))).toEqual({ code, message });
  });
}

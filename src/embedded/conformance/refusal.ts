import { expect } from '@jest/globals';

/** What a refused command rejects with: an error of this code, and of this message where one is given. */
export function refusal(code: number, message?: RegExp | string): unknown {
  if (message === undefined) return expect.objectContaining({ code });
  const matching: unknown = typeof message === 'string' ? message : expect.stringMatching(message);
  return expect.objectContaining({ code, message: matching });
}

/// <reference lib="esnext.error" />

/** Whether something thrown is an error, also one of another realm (a `vm` context), which `instanceof` does not know. */
export function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || Error.isError(thrown);
}

/** What may be told of a failure to strangers: its code, such as `ECONNREFUSED`, or its name; never its message. */
export function codeOf(thrown: unknown): string {
  if (!isError(thrown)) return 'unknown';
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name;
}

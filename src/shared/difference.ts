import { isDeepStrictEqual } from 'node:util';

/** Of two states of one thing, the members in which they differ. */
export interface Difference<T> {
  readonly before: Partial<T>;
  readonly after: Partial<T>;
}

/** Compares those members of two states that `names` tells, by value. */
export function differenceOf<T extends object>(before: T, after: T, names: readonly (keyof T)[]): Difference<T> {
  const differing = names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  return { before: pick(before, differing), after: pick(after, differing) };
}

export function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}

import type { Collation } from './collation.ts';
import { atPath } from './path-predicate.ts';
import type { DocumentTest, LeafArrays, ValueTest } from './path-predicate.ts';
import type { Fields } from './value-types.ts';

/** What one operator demands, usable at a path of a document and against a value by itself (inside `$elemMatch`). */
export interface Condition {
  at(path: string): DocumentTest;
  readonly value: ValueTest;
}

/** What compiling a filter finds out on the way, and what it needs to know. */
export interface Parse {
  readonly collation: Collation | undefined;
  readonly variables: Fields;
  readonly now: Date;
  /** Whether variables may be unknown when compiling. */
  readonly isLoose: boolean;
  /** Top-level fields read so far; `all` once that cannot be told. */
  fields: Set<string> | 'all';
  needsTypedNumbers: boolean;
  hasText: boolean;
  /** Compiles the filter of an `$elemMatch`, whose documents are not those of the collection. */
  subFilter(filter: Fields): DocumentTest;
}

export function condition(value: ValueTest, leaf: LeafArrays = 'each'): Condition {
  return { value, at: (path) => atPath(path, value, leaf) };
}

/** Absent matches too: `{$ne: 1}` holds for a document without the field. */
export function negated(inner: Condition): Condition {
  const { value } = inner;
  return {
    value: (candidate) => !value(candidate),
    at: (path) => {
      const test = inner.at(path);
      return (document) => !test(document);
    },
  };
}

export function every(conditions: readonly Condition[]): Condition {
  const [only] = conditions;
  if (only !== undefined && conditions.length === 1) return only;
  return {
    value: allOf(conditions.map(({ value }) => value)),
    at: (path) => allOf(conditions.map((inner) => inner.at(path))),
  };
}

export function never(): Condition {
  return { value: () => false, at: () => () => false };
}

type Test<Subject> = (subject: Subject, details?: { position: number | undefined }) => boolean;

/** Conjunction; unrolled for the sizes that most filters have. */
export function allOf<Subject>(tests: readonly Test<Subject>[]): Test<Subject> {
  const [first, second] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (tests.length === 2) return (subject, details) => first(subject, details) && second(subject, details);
  return (subject, details) => {
    for (const test of tests) if (!test(subject, details)) return false;
    return true;
  };
}

/** Disjunction. */
export function anyOf<Subject>(tests: readonly Test<Subject>[]): Test<Subject> {
  return (subject, details) => {
    for (const test of tests) if (test(subject, details)) return true;
    return false;
  };
}

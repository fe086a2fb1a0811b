import { CommandError } from '../errors.ts';
import { compareWith } from './collation.ts';
import type { Collation } from './collation.ts';
import { atPath } from './path-predicate.ts';
import { isObject, numberOf, show } from './value-types.ts';
import type { Fields } from './value-types.ts';

/** A compiled sort specification. */
export interface Sorter {
  /** The values that a document is sorted by, one for each part of the specification. `textScore` answers `$meta`. */
  keyOf(document: Fields, textScore?: number): unknown[];
  compare(keyA: readonly unknown[], keyB: readonly unknown[]): number;
  /** Top-level fields that the sort reads. */
  readonly fields: ReadonlySet<string>;
  /** Whether a part of the specification is `{$meta: 'textScore'}`. */
  readonly isMeta: boolean;
  /** The paths and directions, in order; the path is undefined for `$meta`. */
  readonly parts: readonly SortPart[];
}

export interface SortPart {
  readonly path: string | undefined;
  readonly direction: 1 | -1;
}

type Compare = (a: unknown, b: unknown) => number;

/**
 * Compiles a sort: for arrays the least element counts ascending and the greatest descending, an empty array stands before null,
 * a missing field is null.
 * @throws CommandError BadValue (or MongoDB's location) for a bad direction, `$natural` among other keys, or an unknown `$meta`
 */
export function compileSort(spec: Fields, collation?: Collation): Sorter {
  const parts = Object.entries(spec).map(([path, direction]) => parsePart(path, direction, spec));
  const compare = compareWith(collation);
  const getters = parts.map((part) => getterOf(part, compare));
  const directions = parts.map(({ direction }) => direction);
  const paths = parts.flatMap(({ path }) => (path === undefined ? [] : [path]));
  return {
    keyOf: (document, textScore) => getters.map((get) => get(document, textScore)),
    compare: (keyA, keyB) => {
      for (let index = 0; index < directions.length; index++) {
        const order = compare(keyA[index], keyB[index]);
        if (order !== 0) return directions[index] === 1 ? order : -order;
      }
      return 0;
    },
    fields: new Set(paths.map((path) => path.split('.', 1)[0] ?? path)),
    isMeta: parts.some(({ path }) => path === undefined),
    parts,
  };
}

function parsePart(path: string, direction: unknown, spec: Fields): SortPart {
  if (isObject(direction)) return metaPart(path, direction);
  const number = numberOf(direction);
  if (number === undefined) {
    throw new CommandError(15974, `Illegal key in $sort specification: ${path}: ${show(direction)}`);
  }
  if (number !== 1 && number !== -1) {
    throw new CommandError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
  }
  checkPath(path, spec);
  return { path, direction: number };
}

function checkPath(path: string, spec: Fields): void {
  if (path === '$natural') {
    const message = `$natural sort cannot be set to a value other than -1 or 1, nor combined with other keys: ${show(spec)}`;
    throw new CommandError('BadValue', message);
  }
  if (path === '') throw new CommandError(40352, 'FieldPath cannot be constructed with empty string');
  for (const name of path.split('.')) {
    if (name === '') throw new CommandError(15998, 'FieldPath field names may not be empty strings.');
    if (name.startsWith('$') && !['$id', '$ref', '$db'].includes(name)) {
      const advice = 'Consider using $getField or $setField.';
      throw new CommandError(16410, `FieldPath field names may not start with '$'. ${advice}`);
    }
  }
}

function metaPart(path: string, direction: Fields): SortPart {
  const meta = direction.$meta;
  if (meta === 'textScore' && Object.keys(direction).length === 1) return { path: undefined, direction: -1 };
  if (meta === undefined)
    throw new CommandError(15974, `Illegal key in $sort specification: ${path}: ${show(direction)}`);
  throw new CommandError(31138, `Illegal $meta sort: $meta: ${show(meta)}`);
}

type Getter = (document: Fields, textScore: number | undefined) => unknown;

function getterOf({ path, direction }: SortPart, compare: Compare): Getter {
  if (path === undefined) return (_document, textScore) => textScore ?? 0;
  const collect = collectorOf(path);
  const simple = path.includes('.') ? undefined : path;
  return (document) => {
    if (simple !== undefined && Object.hasOwn(document, simple)) {
      const value = document[simple];
      if (!Array.isArray(value)) return value ?? null;
    }
    return extreme(collect(document), direction, compare);
  };
}

/** Collects the values under a path as an index would: elements of a final array by themselves, an empty array as undefined. */
function collectorOf(path: string): (document: Fields) => unknown[] {
  let found: unknown[] = [];
  const walk = atPath(
    path,
    (value) => {
      if (!Array.isArray(value)) found.push(value ?? null);
      else if (value.length === 0) found.push(undefined);
      else found.push(...(value as unknown[]).map((element) => element ?? null));
      return false;
    },
    'whole',
  );
  return (document) => {
    found = [];
    walk(document);
    return found;
  };
}

function extreme(values: readonly unknown[], direction: 1 | -1, compare: Compare): unknown {
  if (values.length === 0) return null;
  let best = values[0];
  for (const value of values) if (compare(value, best) * direction < 0) best = value;
  return best;
}

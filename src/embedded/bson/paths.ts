import { CommandError } from '../errors.ts';
import type { Document } from './decoder.ts';
import { encodeKey } from './keys.ts';
import { Rank, typeRank } from './order.ts';

/** The values under which an index holds a document. */
export interface IndexKeys {
  /** One value per path in each, without duplicates. A missing field is null, an empty array `undefined`. */
  readonly tuples: unknown[][];
  /** The paths, or starts of them, at which the document has an array. */
  readonly arrayPaths: string[];
  /** Whether the document has none of the fields, so that a sparse index leaves it out. */
  readonly missing: boolean;
}

const AMBIGUOUS_FIELD = 16746;
const KEPT_PATHS = 2000;
const OFFSET = /^(?:0|[1-9]\d*)$/;

const keptPaths = new Map<string, readonly string[]>();

function partsOf(path: string): readonly string[] {
  const kept = keptPaths.get(path);
  if (kept !== undefined) return kept;
  const parts = path.split('.');
  if (keptPaths.size >= KEPT_PATHS) keptPaths.clear();
  keptPaths.set(path, parts);
  return parts;
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && typeRank(value) === Rank.object;
}

/** What stands at a path, or the first array on the way to it; `next` is the number of parts that were walked. */
interface Found {
  readonly value: unknown;
  readonly next: number;
}

function walk(document: Document, parts: readonly string[], from: number): Found | undefined {
  let current = document;
  for (let index = from; index < parts.length; index++) {
    const name = parts[index] ?? '';
    if (!Object.hasOwn(current, name)) return undefined;
    const value = current[name];
    if (index + 1 === parts.length || Array.isArray(value)) return { value, next: index + 1 };
    if (!isDocument(value)) return undefined;
    current = value;
  }
  return undefined;
}

/** As {@link walk}, where the first part is an offset into an array. */
function walkOffset(array: readonly unknown[], parts: readonly string[], from: number): Found | undefined {
  const value = array[Number(parts[from])];
  if (from + 1 === parts.length || Array.isArray(value)) return { value, next: from + 1 };
  return isDocument(value) ? walk(value, parts, from + 1) : undefined;
}

function hasOffset(array: readonly unknown[], part: string | undefined): boolean {
  return part !== undefined && OFFSET.test(part) && Number(part) < array.length;
}

/** A path on its way through a document's arrays. */
interface Branch {
  readonly parts: readonly string[];
  readonly next: number;
  readonly value: unknown;
  readonly isMissing: boolean;
  /** The array that the path's next part is an offset of. */
  readonly array: readonly unknown[] | undefined;
}

interface Expansion {
  readonly tuples: unknown[][];
  readonly arrayPaths: Set<string>;
  readonly isSparse: boolean;
  hasField: boolean;
}

function follow(branch: Branch, element: unknown): Branch {
  const { parts, next, array, value } = branch;
  if (next === parts.length) return { parts, next, value, isMissing: branch.isMissing, array: undefined };
  const document = isDocument(element) ? element : undefined;
  const name = parts[next] ?? '';
  if (array !== undefined && document !== undefined && Object.hasOwn(document, name)) throw ambiguous(name);
  const found = array === undefined ? document && walk(document, parts, next) : walkOffset(array, parts, next);
  if (found === undefined) return { parts, next: parts.length, value: null, isMissing: true, array: undefined };
  return { parts, next: found.next, value: found.value, isMissing: false, array: undefined };
}

function ambiguous(name: string): CommandError {
  return new CommandError(
    AMBIGUOUS_FIELD,
    `Ambiguous field name found in array (do not use numeric field names in embedded elements in an array), field: '${name}'`,
  );
}

/** The one array that branches have come to. `settled` are those that were complete before and may hold an array as their value. */
function sharedArray(branches: readonly Branch[], settled: readonly boolean[]): Branch | undefined {
  let first: Branch | undefined;
  for (const [index, branch] of branches.entries()) {
    if (settled[index] || !Array.isArray(branch.value)) continue;
    if (first === undefined) first = branch;
    else if (first.value !== branch.value) throw parallel(branch, first);
  }
  return first;
}

function parallel(branch: Branch, first: Branch): CommandError {
  const nameOf = ({ parts, next }: Branch): string => parts[next - 1] ?? '';
  return new CommandError(
    'CannotIndexParallelArrays',
    `cannot index parallel arrays [${nameOf(branch)}] [${nameOf(first)}]`,
  );
}

function expand(into: Expansion, before: readonly Branch[], settled: readonly boolean[], element: unknown): void {
  const branches = before.map((branch) => follow(branch, element));
  const holder = sharedArray(branches, settled);
  if (holder === undefined) {
    emit(into, branches);
    return;
  }
  const array = holder.value as readonly unknown[];
  const reached = branches.map((branch, index) => !settled[index] && branch.value === array);
  const nowSettled = branches.map(({ next, parts }) => next === parts.length);
  for (const [index, { parts, next }] of branches.entries()) {
    if (reached[index]) into.arrayPaths.add(parts.slice(0, next).join('.'));
  }
  for (const item of array.length === 0 ? [undefined] : array) {
    const entered = branches.map((branch, index) => (reached[index] ? enter(branch, array, item) : branch));
    expand(into, entered, nowSettled, item);
  }
}

function enter(branch: Branch, array: readonly unknown[], item: unknown): Branch {
  if (branch.next === branch.parts.length) return { ...branch, value: item };
  return { ...branch, value: undefined, array: hasOffset(array, branch.parts[branch.next]) ? array : undefined };
}

function emit(into: Expansion, branches: readonly Branch[]): void {
  const hasField = branches.some(({ isMissing }) => !isMissing);
  if (hasField) into.hasField = true;
  if (hasField || !into.isSparse) into.tuples.push(branches.map(({ value }) => value));
}

/** The key bytes name a tuple: they are equal exactly where all values are. */
function withoutDuplicates(tuples: unknown[][]): unknown[][] {
  if (tuples.length < 2) return tuples;
  const directions = new Array<1>(tuples[0]?.length ?? 0).fill(1);
  const seen = new Set<string>();
  return tuples.filter((tuple) => {
    const key = encodeKey(tuple, directions).toString('latin1');
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/**
 * The keys that an index on `paths` has for a document, as MongoDB makes them: one per array element, an array inside an array as a value,
 * number parts as offsets into arrays.
 * @param isSparse leaves out the tuples of array elements that have none of the fields
 * @throws CommandError CannotIndexParallelArrays where two paths come to different arrays; 16746 where a number part is both an offset and
 * a field of an element
 */
export function indexKeys(document: Document, paths: readonly string[], isSparse = false): IndexKeys {
  const tuple: unknown[] = [];
  let missing = true;
  for (const path of paths) {
    const found = walk(document, partsOf(path), 0);
    if (found === undefined) {
      tuple.push(null);
      continue;
    }
    if (Array.isArray(found.value)) return expandedKeys(document, paths, isSparse);
    missing = false;
    tuple.push(found.value);
  }
  return { tuples: [tuple], arrayPaths: [], missing };
}

function expandedKeys(document: Document, paths: readonly string[], isSparse: boolean): IndexKeys {
  const into: Expansion = { tuples: [], arrayPaths: new Set(), isSparse, hasField: false };
  const branches = paths.map((path) => ({
    parts: partsOf(path),
    next: 0,
    value: undefined,
    isMissing: false,
    array: undefined,
  }));
  expand(
    into,
    branches,
    paths.map(() => false),
    document,
  );
  return { tuples: withoutDuplicates(into.tuples), arrayPaths: [...into.arrayPaths], missing: !into.hasField };
}

/**
 * All values that MongoDB's matcher looks at for a path: arrays on the way are entered, an array at its end gives its elements and then itself,
 * an offset at its end the element as it is. Nothing where the field is missing.
 */
export function valuesAt(document: Document, path: string): unknown[] {
  const values: unknown[] = [];
  collect(document, partsOf(path), 0, values);
  return values;
}

function collect(document: Document, parts: readonly string[], from: number, values: unknown[]): void {
  const found = walk(document, parts, from);
  if (found === undefined) return;
  if (Array.isArray(found.value)) collectFromArray(found.value, parts, found.next, values);
  else values.push(found.value);
}

function collectFromArray(array: readonly unknown[], parts: readonly string[], from: number, values: unknown[]): void {
  if (from === parts.length) {
    for (const item of array) values.push(item);
    values.push(array);
    return;
  }
  for (const item of array) if (isDocument(item)) collect(item, parts, from, values);
  if (!hasOffset(array, parts[from])) return;
  const item = array[Number(parts[from])];
  if (from + 1 === parts.length) values.push(item);
  else if (Array.isArray(item)) collectFromArray(item, parts, from + 1, values);
  else if (isDocument(item)) collect(item, parts, from + 1, values);
}

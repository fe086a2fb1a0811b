import { CommandError } from '../errors.ts';
import { decode, decodeTyped, documentOf, encode, rawElements } from '../bson/codec.ts';
import type { Collation } from './collation.ts';
import type { Matcher } from './matcher.ts';
import { parseProjection } from './projection-parse.ts';
import type { Branch, Compute, ParsedProjection, Rule, Slice } from './projection-parse.ts';
import { isObject, setField } from './value-types.ts';
import type { Fields } from './value-types.ts';

export interface ProjectionContext {
  readonly collation?: Collation | undefined;
  readonly variables?: Fields | undefined;
  readonly now?: Date | undefined;
  /** The query's filter, which tells the element that the positional `$` stands for. */
  readonly matcher?: Matcher | undefined;
}

export interface ProjectionExtra {
  readonly matcher?: Matcher | undefined;
  readonly meta?: { readonly textScore?: number | undefined } | undefined;
  /** The same document in the plain decoding, which expressions are evaluated on. */
  readonly plain?: Fields | undefined;
}

/** A compiled projection of find(). */
export interface Projection {
  /** Projects a decoded document; its values are shared with the result. */
  apply(document: Fields, extra?: ProjectionExtra): Fields;
  /** Projects an encoded document without decoding it; undefined where the projection goes deeper than top-level fields. */
  applyRaw(bytes: Buffer): Buffer | undefined;
  /** Projects an encoded document by the cheapest way that keeps the types of numbers. */
  applyTo(bytes: Buffer, textScore?: number): Buffer;
  /** Top-level fields that the projection reads. */
  readonly fields: ReadonlySet<string> | 'all';
  /** The paths that are kept, if keeping fields is all that the projection does: what a covering index must hold. */
  readonly inclusionOnly: readonly string[] | undefined;
}

/** One document's projection. */
export interface Run {
  readonly isInclusion: boolean;
  /** The document that paths are read from, in the decoding of the result. */
  readonly own: Fields;
  readonly plain: Fields;
  readonly variables: Fields;
  readonly now: Date | undefined;
}

function sliced(array: readonly unknown[], { skip, limit }: Slice): unknown[] {
  if (skip === undefined) return limit >= 0 ? array.slice(0, limit) : array.slice(limit);
  const start = skip >= 0 ? skip : Math.max(0, array.length + skip);
  return array.slice(start, start + limit);
}

function keepRule(rule: Rule, value: unknown, run: Run): unknown {
  switch (rule.kind) {
    case 'keep':
      return value;
    case 'slice':
      return Array.isArray(value) ? sliced(value, rule) : value;
    case 'branch':
      return inValue(rule, value, run);
    // What is computed on an existing field takes its place when the mode is exclusion, and comes last otherwise.
    case 'compute':
      return run.isInclusion ? undefined : value;
    default:
      return undefined;
  }
}

function inValue(branch: Branch, value: unknown, run: Run): unknown {
  if (isObject(value)) return inObject(branch, value, run);
  if (!Array.isArray(value)) {
    if (branch.hasComputed) return inObject(branch, {}, run);
    return run.isInclusion ? undefined : value;
  }
  const kept: unknown[] = [];
  for (const element of value as unknown[]) {
    const projected = inValue(branch, element, run);
    if (projected !== undefined) kept.push(projected);
  }
  return kept;
}

/** Projects a document by the rules of a branch. */
export function inObject(branch: Branch, document: Fields, run: Run): Fields {
  const result: Fields = {};
  for (const name of Object.keys(document)) {
    const rule = branch.children.get(name);
    const value = document[name];
    const kept = rule === undefined ? (run.isInclusion ? undefined : value) : keepRule(rule, value, run);
    if (kept !== undefined) setField(result, name, kept);
  }
  for (const [name, rule] of branch.children) addLast(result, name, rule, document, run);
  return result;
}

function addLast(result: Fields, name: string, rule: Rule, document: Fields, run: Run): void {
  if (rule.kind === 'compute') {
    const value = computed(rule, run);
    if (value === undefined) Reflect.deleteProperty(result, name);
    else setField(result, name, value);
  } else if (rule.kind === 'elemMatch') {
    const array = document[name];
    const index = Array.isArray(array) ? array.findIndex((element) => rule.test(element)) : -1;
    if (index >= 0) setField(result, name, [(array as unknown[])[index]]);
  } else if (rule.kind === 'branch' && rule.hasComputed && !isObject(result[name]) && !Array.isArray(result[name])) {
    setField(result, name, inObject(rule, {}, run));
  }
}

function computed(rule: Compute, run: Run): unknown {
  return rule.evaluate(rule.isPath ? run.own : run.plain, run.variables, run.now);
}

/** The document with the array under the path cut down to the element that the filter matched. */
function withPositional(document: Fields, path: readonly string[], matcher: Matcher | undefined): Fields {
  const [name, ...rest] = path;
  if (name === undefined) return document;
  const root = document;
  const cut = (holder: Fields, field: string, remaining: readonly string[]): Fields => {
    const value = holder[field];
    if (Array.isArray(value)) {
      const index = matcher?.positionOf(root);
      if (index === undefined || index >= value.length) {
        const message =
          "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array";
        throw new CommandError(51246, message);
      }
      return { ...holder, [field]: [value[index]] };
    }
    const [next, ...later] = remaining;
    if (next === undefined || !isObject(value)) return holder;
    return { ...holder, [field]: cut(value, next, later) };
  };
  return cut(document, name, rest);
}

function pathsOf(branch: Branch, prefix: string): string[] | undefined {
  const paths: string[] = [];
  for (const [name, rule] of branch.children) {
    if (rule.kind === 'keep') paths.push(prefix + name);
    else if (rule.kind === 'branch') {
      const inner = pathsOf(rule, `${prefix}${name}.`);
      if (inner === undefined) return undefined;
      paths.push(...inner);
    } else if (rule.kind !== 'drop' || prefix + name !== '_id') return undefined;
  }
  return paths;
}

function hasCompute(branch: Branch): boolean {
  return [...branch.children.values()].some(
    (rule) => rule.kind === 'compute' || (rule.kind === 'branch' && hasCompute(rule)),
  );
}

function addReads(branch: Branch, fields: Set<string>): boolean {
  return [...branch.children.values()].every((rule) => {
    if (rule.kind === 'branch') return addReads(rule, fields);
    if (rule.kind !== 'compute') return true;
    if (rule.reads === 'all') return false;
    for (const field of rule.reads) fields.add(field);
    return true;
  });
}

function fieldsOf(
  { root, isInclusion, positional }: ParsedProjection,
  matcher: Matcher | undefined,
): ReadonlySet<string> | 'all' {
  if (!isInclusion) return 'all';
  const fields = new Set(root.children.keys());
  if (positional !== undefined) {
    if (matcher === undefined || matcher.fields === 'all') return 'all';
    for (const field of matcher.fields) fields.add(field);
  }
  return addReads(root, fields) ? fields : 'all';
}

/** Copies the top-level elements that the test admits, as they are. */
function splice(bytes: Buffer, isKept: (name: string) => boolean): Buffer {
  const kept: { name: string; type: number; bytes: Buffer }[] = [];
  for (const { name, type, offset, length } of rawElements(bytes)) {
    if (isKept(name)) kept.push({ name, type, bytes: bytes.subarray(offset, offset + length) });
  }
  return documentOf(kept);
}

/**
 * Compiles the projection of a find.
 * @throws CommandError with MongoDB's location numbers for a specification that is no projection
 */
export function compileProjection(spec: Fields, context: ProjectionContext = {}): Projection {
  const parsed = parseProjection(spec, context);
  const { root, isInclusion, positional } = parsed;
  const rules = [...root.children];
  const isFlat = positional === undefined && rules.every(([, { kind }]) => kind === 'keep' || kind === 'drop');
  const flagged = new Set(rules.filter(([, { kind }]) => (kind === 'keep') === isInclusion).map(([name]) => name));
  const needsPlain = hasCompute(root);
  const apply = (document: Fields, extra: ProjectionExtra = {}): Fields => {
    const matcher = extra.matcher ?? context.matcher;
    const source = positional === undefined ? document : withPositional(document, positional, matcher);
    const variables: Fields = { $textScore: extra.meta?.textScore };
    return inObject(root, source, {
      isInclusion,
      own: source,
      plain: extra.plain ?? source,
      variables,
      now: undefined,
    });
  };
  const applyRaw = (bytes: Buffer): Buffer | undefined =>
    isFlat ? splice(bytes, (name) => flagged.has(name) === isInclusion) : undefined;
  return {
    apply,
    applyRaw,
    applyTo: (bytes, textScore) => {
      const raw = applyRaw(bytes);
      if (raw !== undefined) return raw;
      const plain = needsPlain ? decode(bytes) : undefined;
      return encode(apply(decodeTyped(bytes), { meta: { textScore }, plain }));
    },
    fields: fieldsOf(parsed, context.matcher),
    inclusionOnly: isInclusion && positional === undefined ? pathsOf(root, '') : undefined,
  };
}

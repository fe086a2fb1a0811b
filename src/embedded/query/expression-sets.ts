import { ValueSet } from './canonical-key.ts';
import { foldValue } from './collation.ts';
import { isTrue } from './element-operators.ts';
import { arrayOf, isNullish, strict, typeNameOf, unary } from './expression-arguments.ts';
import type { Compiling, Operator } from './expression-scope.ts';

const MANY: readonly [number, number] = [0, Infinity];

/** A set of values, seen through the collation. */
function setOf(values: readonly unknown[], { collation }: Compiling): ValueSet {
  return new ValueSet(collation === undefined ? values : values.map((value) => foldValue(value, collation)));
}

function has(set: ValueSet, value: unknown, { collation }: Compiling): boolean {
  return set.has(collation === undefined ? value : foldValue(value, collation));
}

function lists(name: string, values: readonly unknown[], code: number): (readonly unknown[])[] | null {
  if (values.some(isNullish)) return null;
  return values.map((value) =>
    arrayOf(value, code, (type) => `All operands of ${name} must be arrays. One argument is of type: ${type}`),
  );
}

function subset(inner: readonly unknown[], outer: readonly unknown[], compiling: Compiling): boolean {
  const set = setOf(outer, compiling);
  return inner.every((value) => has(set, value, compiling));
}

function required(name: string, values: readonly unknown[], code: number): (readonly unknown[])[] {
  return values.map((value) =>
    arrayOf(value, code, () => `All operands of ${name} must be arrays. One argument is of type: ${typeNameOf(value)}`),
  );
}

function truths(name: string, value: unknown): readonly unknown[] {
  return arrayOf(
    value,
    name === '$allElementsTrue' ? 17040 : 17041,
    (type) => `${name}'s argument must be an array, but is ${type}`,
  );
}

/** Set operators: values are equal as MongoDB compares them, and keep the order of their first appearance. */
export const SETS: Readonly<Record<string, Operator>> = {
  $setUnion: strict('$setUnion', MANY, (values) => {
    const all = lists('$setUnion', values, 17043);
    return all === null ? null : new ValueSet(all.flat()).values();
  }),
  $setIntersection: strict('$setIntersection', MANY, (values, compiling) => {
    const all = lists('$setIntersection', values, 17047);
    if (all === null) return null;
    const [first = [], ...rest] = all;
    const sets = rest.map((list) => setOf(list, compiling));
    return new ValueSet(first.filter((value) => sets.every((set) => has(set, value, compiling)))).values();
  }),
  $setDifference: strict('$setDifference', [2, 2], (values, compiling) => {
    if (values.some(isNullish)) return null;
    const [from = [], taken = []] = required('$setDifference', values, 17048);
    const set = setOf(taken, compiling);
    return new ValueSet(from.filter((value) => !has(set, value, compiling))).values();
  }),
  $setEquals: strict('$setEquals', [2, Infinity], (values, compiling) => {
    const [first = [], ...rest] = required('$setEquals', values, 17044);
    return rest.every((list) => subset(first, list, compiling) && subset(list, first, compiling));
  }),
  $setIsSubset: strict('$setIsSubset', [2, 2], (values, compiling) => {
    const [inner = [], outer = []] = required('$setIsSubset', values, 17046);
    return subset(inner, outer, compiling);
  }),
  $allElementsTrue: unary('$allElementsTrue', (value) => truths('$allElementsTrue', value).every(isTrue)),
  $anyElementTrue: unary('$anyElementTrue', (value) => truths('$anyElementTrue', value).some(isTrue)),
};

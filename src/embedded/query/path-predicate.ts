import { isInheritedName, isObject } from './value-types.ts';
import type { Fields } from './value-types.ts';

/** Collects which array element made a predicate true, for the positional `$` operator. */
export interface MatchDetails {
  position: number | undefined;
}

/** Tests a whole document. */
export type DocumentTest = (document: Fields, details?: MatchDetails) => boolean;

/** Tests one value; `undefined` stands for a missing field. */
export type ValueTest = (value: unknown, details?: MatchDetails) => boolean;

/** What happens to an array at the end of the path: each element and then the whole, or the whole alone. */
export type LeafArrays = 'each' | 'whole';

interface Step {
  readonly name: string;
  /** The array offset that the name stands for, -1 for a name that is no offset. */
  readonly offset: number;
  readonly inherited: boolean;
}

interface Walk {
  readonly steps: readonly Step[];
  readonly test: ValueTest;
  readonly leaf: LeafArrays;
}

const OFFSET = /^(?:0|[1-9]\d*)$/;

function toStep(name: string): Step {
  return { name, offset: OFFSET.test(name) ? Number(name) : -1, inherited: isInheritedName(name) };
}

function read(document: Fields, step: Step): unknown {
  return step.inherited && !Object.hasOwn(document, step.name) ? undefined : document[step.name];
}

/**
 * A predicate over the values that MongoDB finds under a dotted path: arrays on the way are entered, an array offset in the path
 * is tried beside a field of that name, and an offset at the very end yields the element as it is.
 */
export function atPath(path: string, test: ValueTest, leaf: LeafArrays): DocumentTest {
  const walk: Walk = { steps: path.split('.').map(toStep), test, leaf };
  const [first] = walk.steps;
  if (first === undefined || walk.steps.length > 1)
    return (document, details) => inDocument(walk, document, 0, details);
  if (first.inherited) return (document, details) => atField(walk, read(document, first), details);
  const name = first.name;
  return (document, details) => {
    const value = document[name];
    return Array.isArray(value) ? atLeaf(walk, value, details) : test(value, details);
  };
}

function atField(walk: Walk, value: unknown, details: MatchDetails | undefined): boolean {
  return Array.isArray(value) ? atLeaf(walk, value, details) : walk.test(value, details);
}

function inDocument(walk: Walk, document: Fields, from: number, details: MatchDetails | undefined): boolean {
  const { steps, test } = walk;
  let current = document;
  for (let index = from; index < steps.length; index++) {
    const step = steps[index];
    if (step === undefined) break;
    const value = read(current, step);
    if (Array.isArray(value)) return inArray(walk, value, index + 1, details);
    if (index + 1 === steps.length) return test(value, details);
    if (!isObject(value)) return test(undefined, details);
    current = value;
  }
  return false;
}

function atLeaf(walk: Walk, array: readonly unknown[], details: MatchDetails | undefined): boolean {
  const { test, leaf } = walk;
  if (leaf === 'each') {
    for (let index = 0; index < array.length; index++) {
      if (test(array[index], details)) {
        if (details !== undefined) details.position = index;
        return true;
      }
    }
  }
  return test(array, details);
}

function inArray(walk: Walk, array: readonly unknown[], from: number, details: MatchDetails | undefined): boolean {
  const step = walk.steps[from];
  if (step === undefined) return atLeaf(walk, array, details);
  for (let index = 0; index < array.length; index++) {
    const element = array[index];
    if (isObject(element) && inDocument(walk, element, from, details)) {
      if (details !== undefined) details.position = index;
      return true;
    }
    if (index === step.offset && atOffset(walk, element, from + 1, details)) return true;
  }
  return false;
}

function atOffset(walk: Walk, element: unknown, from: number, details: MatchDetails | undefined): boolean {
  if (from === walk.steps.length) return walk.test(element, details);
  if (Array.isArray(element)) return inArray(walk, element, from, details);
  return isObject(element) && inDocument(walk, element, from, details);
}

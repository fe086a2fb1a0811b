import { CommandError } from '../errors.ts';
import { compareValues } from '../bson/order.ts';
import { isObject, numberOf, show } from './value-types.ts';
import type { Fields } from './value-types.ts';

/** How strings compare under one collation. */
export interface Collation {
  /** The specification with MongoDB's defaults filled in, as listIndexes shows it. */
  readonly spec: Fields;
  /** Maps strings that are equal under the collation to the same string. */
  fold(text: string): string;
  /** Orders two strings: negative, zero or positive. */
  compare(a: string, b: string): number;
}

type Check = (value: unknown) => boolean;

interface Option {
  readonly fallback: unknown;
  readonly type: Check;
  readonly wanted: string;
  readonly values?: readonly unknown[];
}

const isBoolean: Check = (value) => typeof value === 'boolean';
const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => numberOf(value) !== undefined;

const OPTIONS: Readonly<Record<string, Option>> = {
  locale: { fallback: undefined, type: isText, wanted: 'string' },
  caseLevel: { fallback: false, type: isBoolean, wanted: 'bool' },
  caseFirst: { fallback: 'off', type: isText, wanted: 'string', values: ['off', 'upper', 'lower'] },
  strength: { fallback: 3, type: isNumber, wanted: 'number', values: [1, 2, 3, 4, 5] },
  numericOrdering: { fallback: false, type: isBoolean, wanted: 'bool' },
  alternate: { fallback: 'non-ignorable', type: isText, wanted: 'string', values: ['non-ignorable', 'shifted'] },
  maxVariable: { fallback: 'punct', type: isText, wanted: 'string', values: ['punct', 'space'] },
  normalization: { fallback: false, type: isBoolean, wanted: 'bool' },
  backwards: { fallback: false, type: isBoolean, wanted: 'bool' },
};

/** The version of the Unicode collation data that MongoDB 4.2 and later report. */
const VERSION = '57.1';

/**
 * Reads a collation specification.
 * @returns undefined for the simple (binary) collation and for none
 * @throws CommandError as MongoDB does for unknown options, wrong types and locales
 */
export function parseCollation(given: unknown): Collation | undefined {
  if (given === undefined || given === null) return undefined;
  if (!isObject(given)) {
    throw new CommandError('TypeMismatch', `BSON field 'collation' is the wrong type, expected type 'object'`);
  }
  if (Object.keys(given).length === 0) return undefined;
  refuseUnknown(given);
  if (given.locale === undefined) {
    throw new CommandError(40414, "BSON field 'collation.locale' is missing but a required field");
  }
  const spec: Fields = {};
  for (const [name, option] of Object.entries(OPTIONS)) spec[name] = readOption(name, option, given[name]);
  return spec.locale === 'simple' ? undefined : build({ ...spec, version: VERSION });
}

/**
 * The collation that a command asks for.
 * @returns undefined where it asks for none and the collection's own counts; null for the simple one, which overrides that
 */
export function requestedCollation(given: unknown): Collation | null | undefined {
  if (given === undefined || given === null || (isObject(given) && Object.keys(given).length === 0)) return undefined;
  return parseCollation(given) ?? null;
}

function refuseUnknown(given: Fields): void {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(OPTIONS, name) && name !== 'version') {
      throw new CommandError(40415, `BSON field 'collation.${name}' is an unknown field.`);
    }
  }
}

function readOption(name: string, option: Option, given: unknown): unknown {
  if (given === undefined) return option.fallback;
  if (!option.type(given)) {
    throw new CommandError(
      'TypeMismatch',
      `BSON field 'collation.${name}' is the wrong type, expected type '${option.wanted}'`,
    );
  }
  const value = numberOf(given) ?? given;
  if (option.values !== undefined && !option.values.includes(value)) {
    const message = `Enumeration value '${show(value)}' for field 'collation.${name}' is not a valid value.`;
    throw new CommandError('BadValue', message);
  }
  return value;
}

function build(spec: Fields): Collation {
  const locale = String(spec.locale);
  const collator = collatorOf(spec, locale.replaceAll('_', '-').replace(/@.*$/, ''), locale);
  const strength = Number(spec.strength);
  const fold = foldOf(strength, spec.caseLevel === true, spec.numericOrdering === true);
  return { spec, fold, compare: (a, b) => (a === b ? 0 : collator.compare(a, b)) };
}

function collatorOf(spec: Fields, locale: string, given: string): Intl.Collator {
  const caseFirst = String(spec.caseFirst);
  try {
    if (Intl.Collator.supportedLocalesOf(locale).length > 0) {
      return new Intl.Collator(locale, {
        sensitivity: sensitivityOf(Number(spec.strength), spec.caseLevel === true),
        numeric: spec.numericOrdering === true,
        caseFirst: caseFirst === 'off' ? 'false' : (caseFirst as 'upper' | 'lower'),
        ignorePunctuation: spec.alternate === 'shifted',
      });
    }
  } catch {
    // A tag that is no language tag at all is answered like an unknown locale.
  }
  const message = `Field 'locale' is invalid in: ${show({ locale: given })}`;
  throw new CommandError('BadValue', message);
}

function sensitivityOf(strength: number, caseLevel: boolean): 'base' | 'accent' | 'case' | 'variant' {
  if (strength === 1) return caseLevel ? 'case' : 'base';
  return strength === 2 && !caseLevel ? 'accent' : 'variant';
}

function foldOf(strength: number, caseLevel: boolean, numeric: boolean): (text: string) => string {
  const steps: ((text: string) => string)[] = [(text) => text.normalize('NFD')];
  if (strength === 1) steps.push((text) => text.replaceAll(/\p{M}+/gu, ''));
  if (strength <= 2 && !caseLevel) steps.push((text) => text.toLowerCase().replaceAll('ß', 'ss'));
  if (numeric) steps.push((text) => text.replaceAll(/0+(?=\d)/g, ''));
  const ascii = strength <= 2 && !caseLevel ? (text: string) => text.toLowerCase() : (text: string) => text;
  return (text) => {
    if (!numeric && /^[\0-\x7f]*$/.test(text)) return ascii(text);
    return steps.reduce((folded, step) => step(folded), text);
  };
}

/** A copy of the value in which every string, however deep, is folded. */
export function foldValue(value: unknown, collation: Collation): unknown {
  if (typeof value === 'string') return collation.fold(value);
  if (Array.isArray(value)) return value.map((element) => foldValue(element, collation));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, foldValue(member, collation)]));
}

/** MongoDB's order between any two values, strings compared under the collation. */
export function compareWith(collation: Collation | undefined): (a: unknown, b: unknown) => number {
  if (collation === undefined) return compareValues;
  const compare = (a: unknown, b: unknown): number => {
    if (typeof a === 'string' && typeof b === 'string') return collation.compare(a, b);
    if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b, compare);
    if (isObject(a) && isObject(b)) return compareObjects(a, b, compare);
    return compareValues(a, b);
  };
  return compare;
}

type Compare = (a: unknown, b: unknown) => number;

function compareLists(a: readonly unknown[], b: readonly unknown[], compare: Compare): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compare(a[index], b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareObjects(a: Fields, b: Fields, compare: Compare): number {
  const left = Object.entries(a);
  const right = Object.entries(b);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [nameA, valueA] = left[index] ?? ['', undefined];
    const [nameB, valueB] = right[index] ?? ['', undefined];
    // A field's type comes before its name, its name before its value.
    const order = compareValues({ [nameA]: valueA }, { [nameB]: valueB });
    if (nameA !== nameB || typeof valueA !== typeof valueB) return order;
    const values = compare(valueA, valueB);
    if (values !== 0) return values;
  }
  return left.length - right.length;
}

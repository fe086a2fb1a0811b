import { CommandError } from '../errors.ts';
import { canonicalKey } from './canonical-key.ts';
import { hasType } from './element-operators.ts';
import { compileRegex } from './regular-expressions.ts';
import { fieldOf, integerOf, isNumeric, isObject, numberOf, show } from './value-types.ts';
import type { Fields } from './value-types.ts';
import { compareValues } from '../bson/order.ts';

/** Whether a value (never a missing one) meets a keyword or a whole schema. */
export type SchemaTest = (value: unknown) => boolean;

/** Compiles a schema that stands inside another. */
export type CompileNested = (schema: unknown) => SchemaTest;

/** Compiles one keyword; the schema around it is given for keywords that depend on each other. */
export type Keyword = (argument: unknown, schema: Fields, nested: CompileNested) => SchemaTest;

function fail(code: 'FailedToParse' | 'TypeMismatch' | 'BadValue', message: string): never {
  throw new CommandError(code, message);
}

function count(keyword: string, argument: unknown): number {
  const number = numberOf(argument);
  if (number === undefined) fail('TypeMismatch', `$jsonSchema keyword '${keyword}' must be a number`);
  if (!Number.isInteger(number) || number < 0) {
    fail(
      'FailedToParse',
      `$jsonSchema keyword '${keyword}' must be a non-negative integer, but got: ${keyword}: ${show(argument)}`,
    );
  }
  return number;
}

function limit(
  keyword: string,
  measure: (value: unknown) => number | undefined,
  holds: (size: number, bound: number) => boolean,
): Keyword {
  return (argument) => {
    const bound = count(keyword, argument);
    return (value) => {
      const size = measure(value);
      return size === undefined || holds(size, bound);
    };
  };
}

const atLeast = (size: number, bound: number): boolean => size >= bound;
const atMost = (size: number, bound: number): boolean => size <= bound;
const textLength = (value: unknown): number | undefined =>
  typeof value === 'string' ? Array.from(value).length : undefined;
const itemCount = (value: unknown): number | undefined => (Array.isArray(value) ? value.length : undefined);
const propertyCount = (value: unknown): number | undefined => (isObject(value) ? Object.keys(value).length : undefined);

/** The names that JSON Schema has for types; MongoDB leaves 'integer' out. */
const JSON_TYPES: Readonly<Record<string, string>> = {
  array: 'array',
  boolean: 'bool',
  null: 'null',
  number: 'number',
  object: 'object',
  string: 'string',
};

function jsonType(argument: unknown): SchemaTest {
  const names: unknown[] = Array.isArray(argument) ? argument : [argument];
  if (names.length === 0) fail('FailedToParse', "$jsonSchema keyword 'type' must name at least one type");
  const types = names.map((name) => {
    if (typeof name !== 'string')
      return fail('TypeMismatch', "$jsonSchema keyword 'type' must be either a string or an array of strings");
    if (name === 'integer') return fail('FailedToParse', "$jsonSchema type 'integer' is not currently supported.");
    return JSON_TYPES[name] ?? fail('BadValue', `Unknown type name alias: ${name}`);
  });
  return hasType(types).test;
}

function bsonType(argument: unknown): SchemaTest {
  const names: unknown[] = Array.isArray(argument) ? argument : [argument];
  for (const name of names) {
    if (typeof name !== 'string')
      fail('TypeMismatch', "$jsonSchema keyword 'bsonType' must be either a string or an array of strings");
  }
  return hasType(argument, 'bsonType').test;
}

function bound(keyword: 'minimum' | 'maximum'): Keyword {
  const exclusive = keyword === 'minimum' ? 'exclusiveMinimum' : 'exclusiveMaximum';
  const sign = keyword === 'minimum' ? 1 : -1;
  return (argument, schema) => {
    if (!isNumeric(argument)) fail('TypeMismatch', `$jsonSchema keyword '${keyword}' must be a number`);
    const isExclusive = schema[exclusive] === true;
    return (value) => {
      if (!isNumeric(value)) return true;
      const order = compareValues(value, argument) * sign;
      return isExclusive ? order > 0 : order >= 0;
    };
  };
}

function exclusive(keyword: 'exclusiveMinimum' | 'exclusiveMaximum', partner: string): Keyword {
  return (argument, schema) => {
    if (typeof argument !== 'boolean') fail('TypeMismatch', `$jsonSchema keyword '${keyword}' must be a boolean`);
    if (!Object.hasOwn(schema, partner)) {
      fail('FailedToParse', `$jsonSchema keyword '${partner}' must be a present if ${keyword} is present`);
    }
    return () => true;
  };
}

function multipleOf(argument: unknown): SchemaTest {
  const divisor = numberOf(argument);
  if (divisor === undefined) fail('TypeMismatch', "$jsonSchema keyword 'multipleOf' must be a number");
  if (divisor <= 0) fail('FailedToParse', "$jsonSchema keyword 'multipleOf' must have a positive value");
  return (value) => {
    if (!isNumeric(value)) return true;
    if (Number.isInteger(divisor) && integerOf(value) !== undefined && Number.isInteger(numberOf(value))) {
      return (integerOf(value) ?? 0n) % BigInt(divisor) === 0n;
    }
    const quotient = (numberOf(value) ?? NaN) / divisor;
    return Math.abs(quotient - Math.round(quotient)) < 1e-9;
  };
}

function pattern(argument: unknown): SchemaTest {
  if (typeof argument !== 'string') fail('TypeMismatch', "$jsonSchema keyword 'pattern' must be a string");
  const regex = compileRegex({ source: argument, options: '' });
  return (value) => typeof value !== 'string' || regex.test(value);
}

function required(argument: unknown): SchemaTest {
  const names = requiredNames(argument);
  return (value) => !isObject(value) || names.every((name) => fieldOf(value, name) !== undefined);
}

/** @throws CommandError unless the argument is a non-empty list of different names */
export function requiredNames(argument: unknown): string[] {
  if (!Array.isArray(argument)) fail('TypeMismatch', "$jsonSchema keyword 'required' must be an array");
  if (argument.length === 0) fail('FailedToParse', "$jsonSchema keyword 'required' cannot be an empty array");
  for (const name of argument) {
    if (typeof name !== 'string') fail('TypeMismatch', "$jsonSchema keyword 'required' must be an array of strings");
  }
  if (new Set(argument).size !== argument.length) {
    fail('FailedToParse', "$jsonSchema keyword 'required' array cannot contain duplicate values");
  }
  return argument as string[];
}

function objectOf(keyword: string, argument: unknown): Fields {
  if (!isObject(argument)) fail('TypeMismatch', `$jsonSchema keyword '${keyword}' must be an object`);
  return argument;
}

function properties(argument: unknown, _schema: Fields, nested: CompileNested): SchemaTest {
  const tests = Object.entries(objectOf('properties', argument)).map(
    ([name, schema]) => [name, nested(schema)] as const,
  );
  return (value) =>
    !isObject(value) ||
    tests.every(([name, test]) => {
      const member = fieldOf(value, name);
      return member === undefined || test(member);
    });
}

function patternProperties(argument: unknown, _schema: Fields, nested: CompileNested): SchemaTest {
  const rules = Object.entries(objectOf('patternProperties', argument)).map(
    ([source, schema]) => [compileRegex({ source, options: '' }), nested(schema)] as const,
  );
  return (value) =>
    !isObject(value) ||
    Object.entries(value).every(([name, member]) => rules.every(([regex, test]) => !regex.test(name) || test(member)));
}

/** The fields of a document that neither `properties` nor `patternProperties` of a schema name. */
export function additionalNames(schema: Fields): (value: Fields) => string[] {
  const named = new Set(Object.keys(isObject(schema.properties) ? schema.properties : {}));
  const sources = Object.keys(isObject(schema.patternProperties) ? schema.patternProperties : {});
  const regexes = sources.map((source) => compileRegex({ source, options: '' }));
  return (value) => Object.keys(value).filter((name) => !named.has(name) && !regexes.some((regex) => regex.test(name)));
}

function additionalProperties(argument: unknown, schema: Fields, nested: CompileNested): SchemaTest {
  const additional = additionalNames(schema);
  if (argument === true) return () => true;
  if (argument === false) return (value) => !isObject(value) || additional(value).length === 0;
  if (!isObject(argument))
    fail('TypeMismatch', "$jsonSchema keyword 'additionalProperties' must be an object or a boolean");
  const test = nested(argument);
  return (value) => !isObject(value) || additional(value).every((name) => test(value[name]));
}

function items(argument: unknown, _schema: Fields, nested: CompileNested): SchemaTest {
  if (Array.isArray(argument)) {
    const tests = argument.map(nested);
    return (value) =>
      !Array.isArray(value) || tests.every((test, index) => index >= value.length || test(value[index]));
  }
  if (!isObject(argument)) fail('TypeMismatch', "$jsonSchema keyword 'items' must be an array or an object");
  const test = nested(argument);
  return (value) => !Array.isArray(value) || value.every(test);
}

function additionalItems(argument: unknown, schema: Fields, nested: CompileNested): SchemaTest {
  const positions = schema.items;
  if (!Array.isArray(positions) || argument === true) return () => true;
  const listed = positions.length;
  if (argument === false) return (value) => !Array.isArray(value) || value.length <= listed;
  const test = nested(argument);
  return (value) => !Array.isArray(value) || value.slice(listed).every(test);
}

function uniqueItems(argument: unknown): SchemaTest {
  if (typeof argument !== 'boolean') fail('TypeMismatch', "$jsonSchema keyword 'uniqueItems' must be a boolean");
  return (value) => !argument || !Array.isArray(value) || new Set(value.map(canonicalKey)).size === value.length;
}

function dependencies(argument: unknown, _schema: Fields, nested: CompileNested): SchemaTest {
  const rules = Object.entries(objectOf('dependencies', argument)).map(([name, rule]) => {
    return [name, Array.isArray(rule) ? required(rule) : nested(rule)] as const;
  });
  return (value) =>
    !isObject(value) || rules.every(([name, test]) => fieldOf(value, name) === undefined || test(value));
}

function enumeration(argument: unknown): SchemaTest {
  if (!Array.isArray(argument)) fail('TypeMismatch', "$jsonSchema keyword 'enum' must be an array");
  if (argument.length === 0) fail('FailedToParse', "$jsonSchema keyword 'enum' cannot be an empty array");
  const keys = new Set(argument.map(canonicalKey));
  return (value) => keys.has(canonicalKey(value));
}

function listed(keyword: string, argument: unknown, nested: CompileNested): SchemaTest[] {
  if (!Array.isArray(argument)) fail('TypeMismatch', `$jsonSchema keyword '${keyword}' must be an array`);
  if (argument.length === 0) fail('BadValue', `$jsonSchema keyword '${keyword}' must be a non-empty array`);
  return argument.map(nested);
}

const ignored: Keyword = () => () => true;

/** MongoDB's keywords: JSON Schema draft 4 with `bsonType` and without `$ref`, `default`, `definitions`, `format`, `id`. */
export const KEYWORDS: Readonly<Record<string, Keyword>> = {
  type: jsonType,
  bsonType,
  enum: enumeration,
  minimum: bound('minimum'),
  maximum: bound('maximum'),
  exclusiveMinimum: exclusive('exclusiveMinimum', 'minimum'),
  exclusiveMaximum: exclusive('exclusiveMaximum', 'maximum'),
  multipleOf,
  minLength: limit('minLength', textLength, atLeast),
  maxLength: limit('maxLength', textLength, atMost),
  pattern,
  required,
  properties,
  patternProperties,
  additionalProperties,
  minProperties: limit('minProperties', propertyCount, atLeast),
  maxProperties: limit('maxProperties', propertyCount, atMost),
  items,
  additionalItems,
  minItems: limit('minItems', itemCount, atLeast),
  maxItems: limit('maxItems', itemCount, atMost),
  uniqueItems,
  dependencies,
  allOf: (argument, _schema, nested) => {
    const tests = listed('allOf', argument, nested);
    return (value) => tests.every((test) => test(value));
  },
  anyOf: (argument, _schema, nested) => {
    const tests = listed('anyOf', argument, nested);
    return (value) => tests.some((test) => test(value));
  },
  oneOf: (argument, _schema, nested) => {
    const tests = listed('oneOf', argument, nested);
    return (value) => tests.filter((test) => test(value)).length === 1;
  },
  not: (argument, _schema, nested) => {
    const test = nested(objectOf('not', argument));
    return (value) => !test(value);
  },
  title: ignored,
  description: ignored,
  encrypt: ignored,
  encryptMetadata: ignored,
};

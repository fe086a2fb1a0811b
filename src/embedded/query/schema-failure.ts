import { typeAlias } from '../bson/order.ts';
import { additionalNames } from './schema-keywords.ts';
import { compileSchema } from './schema.ts';
import { compileRegex } from './regular-expressions.ts';
import { fieldOf, isObject } from './value-types.ts';
import type { Fields } from './value-types.ts';

type Explain = (argument: unknown, value: unknown, schema: Fields) => Fields;

function asObject(value: unknown): Fields {
  return isObject(value) ? value : {};
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** The failure of a keyword that looks at the value itself. */
function plain(keyword: string, reason: string, extra: (value: unknown) => Fields = () => ({})): Explain {
  return (argument, value) => ({
    operatorName: keyword,
    specifiedAs: { [keyword]: argument },
    reason,
    consideredValue: value,
    ...extra(value),
  });
}

function typed(keyword: string): Explain {
  return plain(keyword, 'type did not match', (value) => ({ consideredType: typeAlias(value) }));
}

function failing(schemas: readonly unknown[], value: unknown): { index: number; schema: unknown }[] {
  return schemas.map((schema, index) => ({ index, schema })).filter(({ schema }) => !compileSchema(schema)(value));
}

function unmet(keyword: string): Explain {
  return (argument, value) => ({
    operatorName: keyword,
    schemasNotSatisfied: failing(asList(argument), value).map(({ index, schema }) => ({
      index,
      details: explainSchema(schema, value),
    })),
  });
}

function explainProperty(name: string, schema: unknown, value: unknown): Fields {
  const { title, description } = asObject(schema);
  return {
    propertyName: name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    details: explainSchema(schema, value),
  };
}

function properties(argument: unknown, value: unknown): Fields {
  const document = asObject(value);
  const propertiesNotSatisfied = Object.entries(asObject(argument)).flatMap(([name, schema]) => {
    const member = fieldOf(document, name);
    return member === undefined || compileSchema(schema)(member) ? [] : [explainProperty(name, schema, member)];
  });
  return { operatorName: 'properties', propertiesNotSatisfied };
}

function patternProperties(argument: unknown, value: unknown): Fields {
  const details = Object.entries(asObject(argument)).flatMap(([source, schema]) => {
    const regex = compileRegex({ source, options: '' });
    const test = compileSchema(schema);
    return Object.entries(asObject(value))
      .filter(([name, member]) => regex.test(name) && !test(member))
      .map(([name, member]) => ({ ...explainProperty(name, schema, member), regexMatched: source }));
  });
  return { operatorName: 'patternProperties', details };
}

function additionalProperties(argument: unknown, value: unknown, schema: Fields): Fields {
  const document = asObject(value);
  const names = additionalNames(schema)(document);
  const base = { operatorName: 'additionalProperties', specifiedAs: { additionalProperties: argument } };
  if (argument === false) return { ...base, additionalProperties: names };
  const name = names.find((candidate) => !compileSchema(argument)(document[candidate]));
  if (name === undefined) return base;
  return {
    ...base,
    reason: 'at least one additional property did not match the subschema',
    failingProperty: name,
    details: explainSchema(argument, document[name]),
  };
}

function items(argument: unknown, value: unknown): Fields {
  const schemaAt = (index: number): unknown => (Array.isArray(argument) ? (argument as unknown[])[index] : argument);
  const index = asList(value).findIndex(
    (element, at) => schemaAt(at) !== undefined && !compileSchema(schemaAt(at))(element),
  );
  return {
    operatorName: 'items',
    reason: 'At least one item did not match the sub-schema',
    itemIndex: index,
    details: explainSchema(schemaAt(index), asList(value)[index]),
  };
}

const EXPLAIN: Readonly<Record<string, Explain>> = {
  type: typed('type'),
  bsonType: typed('bsonType'),
  enum: plain('enum', 'value was not found in enum'),
  minimum: plain('minimum', 'comparison failed'),
  maximum: plain('maximum', 'comparison failed'),
  multipleOf: plain('multipleOf', 'considered value is not a multiple of the specified value'),
  minLength: plain('minLength', 'specified string length was not satisfied'),
  maxLength: plain('maxLength', 'specified string length was not satisfied'),
  pattern: plain('pattern', 'regular expression did not match'),
  minItems: plain('minItems', 'array did not match specified length', (value) => ({
    numberOfItems: asList(value).length,
  })),
  maxItems: plain('maxItems', 'array did not match specified length', (value) => ({
    numberOfItems: asList(value).length,
  })),
  uniqueItems: plain('uniqueItems', 'found a duplicate item'),
  required: (argument, value) => ({
    operatorName: 'required',
    specifiedAs: { required: argument },
    missingProperties: asList(argument)
      .map(String)
      .filter((name) => fieldOf(asObject(value), name) === undefined)
      .sort(),
  }),
  minProperties: (argument, value) => counted('minProperties', argument, value),
  maxProperties: (argument, value) => counted('maxProperties', argument, value),
  properties,
  patternProperties,
  additionalProperties,
  items,
  allOf: unmet('allOf'),
  anyOf: unmet('anyOf'),
  oneOf: (argument, value) => {
    const schemas = asList(argument);
    const failed = new Set(failing(schemas, value).map(({ index }) => index));
    if (failed.size === schemas.length) return unmet('oneOf')(argument, value, {});
    const matchingSchemaIndexes = schemas.flatMap((_schema, index) => (failed.has(index) ? [] : [index]));
    return { operatorName: 'oneOf', reason: 'more than one subschema matched', matchingSchemaIndexes };
  },
  not: (_argument, value) => ({ operatorName: 'not', reason: 'child expression matched', consideredValue: value }),
};

function counted(keyword: string, argument: unknown, value: unknown): Fields {
  return {
    operatorName: keyword,
    specifiedAs: { [keyword]: argument },
    reason: 'specified number of properties was not satisfied',
    numberOfProperties: Object.keys(asObject(value)).length,
  };
}

/** Keywords that change the meaning of another and never fail by themselves. */
const COMPANIONS: readonly string[] = [
  'exclusiveMinimum',
  'exclusiveMaximum',
  'properties',
  'patternProperties',
  'items',
];

/** The rules of a schema that a value fails, as `schemaRulesNotSatisfied` lists them. */
export function explainSchema(schema: unknown, value: unknown): Fields[] {
  const given = asObject(schema);
  const companions = Object.fromEntries(
    COMPANIONS.flatMap((name) => (Object.hasOwn(given, name) ? [[name, given[name]]] : [])),
  );
  return Object.entries(given).flatMap(([name, argument]) => {
    if (name.startsWith('exclusive')) return [];
    const test = compileSchema({ ...emptied(companions, name), [name]: argument });
    if (test(value)) return [];
    const explain = EXPLAIN[name];
    return [
      explain?.(argument, value, given) ?? {
        operatorName: name,
        specifiedAs: { [name]: argument },
        reason: `${name} was not satisfied`,
      },
    ];
  });
}

/** What the keyword needs beside it: its flag of exclusion, or the names and positions that are not additional. */
function emptied(companions: Fields, keyword: string): Fields {
  const needed: Readonly<Record<string, readonly string[]>> = {
    minimum: ['exclusiveMinimum'],
    maximum: ['exclusiveMaximum'],
    additionalProperties: ['properties', 'patternProperties'],
    additionalItems: ['items'],
  };
  const kept = (needed[keyword] ?? []).filter((name) => Object.hasOwn(companions, name));
  return Object.fromEntries(
    kept.map((name) => [name, isObject(companions[name]) ? withoutRules(companions[name]) : companions[name]]),
  );
}

function withoutRules(rules: Fields): Fields {
  return Object.fromEntries(Object.keys(rules).map((name) => [name, {}]));
}

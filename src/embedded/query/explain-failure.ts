import { isOperatorObject } from './field-operators.ts';
import { compileMatcher } from './matcher.ts';
import { explainSchema } from './schema-failure.ts';
import { typeAlias } from '../bson/order.ts';
import { atPath } from './path-predicate.ts';
import { isObject } from './value-types.ts';
import type { Fields } from './value-types.ts';

/** Why an operator was not met by a value, in MongoDB's words. */
const REASONS: Readonly<Record<string, string>> = {
  $eq: 'comparison failed',
  $ne: 'comparison failed',
  $gt: 'comparison failed',
  $gte: 'comparison failed',
  $lt: 'comparison failed',
  $lte: 'comparison failed',
  $in: 'no matching value found in array',
  $nin: 'matching value found in array',
  $exists: 'path does not exist',
  $type: 'type did not match',
  $regex: 'regular expression did not match',
  $mod: '$mod did not evaluate to expected remainder',
  $size: 'array length was not equal to given size',
  $all: 'array did not contain all specified values',
  $elemMatch: 'array did not satisfy the child predicate',
  $not: 'child expression matched',
};

function holds(filter: Fields, document: Fields): boolean {
  return compileMatcher(filter).test(document);
}

function clauses(operand: unknown, document: Fields, wanted: boolean): Fields[] {
  if (!Array.isArray(operand)) return [];
  return operand.flatMap((clause: unknown, index) => {
    if (!isObject(clause) || holds(clause, document) === wanted) return [];
    const details = wanted
      ? explainFailure(clause, document)
      : { operatorName: firstName(clause), specifiedAs: clause };
    return [{ index, details }];
  });
}

function firstName(clause: Fields): string {
  const [name = ''] = Object.keys(clause);
  if (name.startsWith('$')) return name;
  const operand = clause[name];
  return isOperatorObject(operand) ? (Object.keys(operand)[0] ?? '$eq') : '$eq';
}

type Explain = (operand: unknown, document: Fields) => Fields;

const TOP_LEVEL: Readonly<Record<string, Explain>> = {
  $and: (operand, document) => ({ operatorName: '$and', clausesNotSatisfied: clauses(operand, document, true) }),
  $or: (operand, document) => ({ operatorName: '$or', clausesNotSatisfied: clauses(operand, document, true) }),
  $nor: (operand, document) => ({ operatorName: '$nor', clausesSatisfied: clauses(operand, document, false) }),
  $jsonSchema: (operand, document) => ({
    operatorName: '$jsonSchema',
    schemaRulesNotSatisfied: explainSchema(operand, document),
  }),
  $expr: (operand) => ({
    operatorName: '$expr',
    specifiedAs: { $expr: operand },
    reason: 'expression did not match',
    expressionResult: false,
  }),
};

function valuesAt(document: Fields, path: string): unknown[] {
  const values: unknown[] = [];
  atPath(path, (value) => values.push(value) === 0, 'whole')(document);
  return values.filter((value) => value !== undefined);
}

function considered(values: readonly unknown[]): Fields {
  const [first] = values;
  return values.length > 1 ? { consideredValues: values } : { consideredValue: first };
}

function explainField(path: string, operator: string, operand: Fields, document: Fields): Fields {
  const specifiedAs = { [path]: operand };
  const values = valuesAt(document, path);
  if (operator === '$exists' && values.length > 0)
    return { operatorName: operator, specifiedAs, reason: 'path does exist' };
  if (values.length === 0 && operator !== '$exists')
    return { operatorName: operator, specifiedAs, reason: 'field was missing' };
  const failure: Fields = {
    operatorName: operator,
    specifiedAs,
    reason: REASONS[operator] ?? 'predicate did not match',
  };
  if (values.length === 0) return failure;
  const types = operator === '$type' ? { consideredType: typeAlias(values[0]) } : {};
  return { ...failure, ...considered(values), ...types };
}

/** What the document fails of one condition on a field. */
function explainOperand(path: string, operand: unknown, document: Fields): Fields[] {
  if (holds({ [path]: operand }, document)) return [];
  if (isOperatorObject(operand)) return [explainField(path, Object.keys(operand)[0] ?? '$eq', operand, document)];
  return [{ ...explainField(path, '$eq', {}, document), specifiedAs: { [path]: operand } }];
}

function explainEntry(name: string, operand: unknown, document: Fields): Fields[] {
  if (!name.startsWith('$')) return explainOperand(name, operand, document);
  if (holds({ [name]: operand }, document)) return [];
  const explain = TOP_LEVEL[name];
  return [
    explain?.(operand, document) ?? {
      operatorName: name,
      specifiedAs: { [name]: operand },
      reason: 'expression always evaluates to false',
    },
  ];
}

/**
 * The `details` that error 121 carries under `errInfo`: which rules of a validator the document fails, and why.
 * Source: "Error Information" of MongoDB's manual on schema validation.
 */
export function explainFailure(validator: Fields, document: Fields): Fields {
  const parts = Object.entries(validator).flatMap(([name, operand]) => partsOf(name, operand));
  const clausesNotSatisfied = parts.flatMap(([name, operand], index) =>
    explainEntry(name, operand, document).map((details) => ({ index, details })),
  );
  if (parts.length === 1) return clausesNotSatisfied[0]?.details ?? {};
  return { operatorName: '$and', clausesNotSatisfied };
}

/** The conditions that a filter's entry consists of: several operators on a field are as many. */
function partsOf(name: string, operand: unknown): (readonly [name: string, operand: unknown])[] {
  if (name.startsWith('$') || !isOperatorObject(operand)) return [[name, operand]];
  const { $options: options, ...operators } = operand;
  return Object.entries(operators).map(([operator, argument]) => {
    const isRegex = operator === '$regex' && options !== undefined;
    return [name, isRegex ? { $regex: argument, $options: options } : { [operator]: argument }];
  });
}

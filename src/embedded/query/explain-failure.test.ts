import { describe, expect, test } from '@jest/globals';
import { explainFailure } from './explain-failure.ts';

describe('the details of a failed validation', () => {
  test('of a schema list the properties and the missing fields', () => {
    const schema = {
      bsonType: 'object',
      required: ['name', 'age'],
      properties: {
        name: { bsonType: 'string', description: 'must be a string' },
        age: { minimum: 5, exclusiveMinimum: true },
      },
      additionalProperties: false,
    };
    expect(explainFailure({ $jsonSchema: schema }, { name: 5, extra: 1 })).toEqual({
      operatorName: '$jsonSchema',
      schemaRulesNotSatisfied: [
        { operatorName: 'required', specifiedAs: { required: ['name', 'age'] }, missingProperties: ['age'] },
        {
          operatorName: 'properties',
          propertiesNotSatisfied: [
            {
              propertyName: 'name',
              description: 'must be a string',
              details: [
                {
                  operatorName: 'bsonType',
                  specifiedAs: { bsonType: 'string' },
                  reason: 'type did not match',
                  consideredValue: 5,
                  consideredType: 'int',
                },
              ],
            },
          ],
        },
        {
          operatorName: 'additionalProperties',
          specifiedAs: { additionalProperties: false },
          additionalProperties: ['extra'],
        },
      ],
    });
  });

  test('keep the exclusive bound that was failed', () => {
    const schema = { properties: { a: { minimum: 5, exclusiveMinimum: true } } };
    const [rule] = explainFailure({ $jsonSchema: schema }, { a: 5 }).schemaRulesNotSatisfied as object[];
    expect(rule).toMatchObject({ operatorName: 'properties', propertiesNotSatisfied: [{ propertyName: 'a' }] });
  });
});

describe('the details of a failed validator of query operators', () => {
  test('of one operator name it, what it asked for and the value', () => {
    expect(explainFailure({ a: { $gt: 5 } }, { a: 3 })).toEqual({
      operatorName: '$gt',
      specifiedAs: { a: { $gt: 5 } },
      reason: 'comparison failed',
      consideredValue: 3,
    });
  });

  test('of a missing field say so', () => {
    expect(explainFailure({ a: 1 }, {})).toEqual({
      operatorName: '$eq',
      specifiedAs: { a: 1 },
      reason: 'field was missing',
    });
  });

  test('of several clauses list those that failed', () => {
    expect(explainFailure({ $or: [{ a: 1 }, { b: 1 }] }, { a: 2, b: 2 })).toMatchObject({
      operatorName: '$or',
      clausesNotSatisfied: [{ index: 0 }, { index: 1 }],
    });
    expect(explainFailure({ a: 1, b: 2 }, { a: 1, b: 3 })).toMatchObject({
      operatorName: '$and',
      clausesNotSatisfied: [{ index: 1, details: { operatorName: '$eq' } }],
    });
  });
});

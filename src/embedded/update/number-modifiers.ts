import { typeAlias } from '../bson/order.ts';
import { CommandError } from '../errors.ts';
import { formatField, formatId } from './format.ts';
import type { ModifierParser } from './modifier-options.ts';
import { add, bitwise, debugNumber, fromBsonNumber, isIntegral, multiply, toBsonNumber } from './numbers.ts';
import type { Arithmetic, BsonNumber } from './numbers.ts';
import type { ApplyState } from './tree.ts';
import { isDocument } from './values.ts';

const ZERO: BsonNumber = { kind: 'int', value: 0 };

function sameNumber(left: BsonNumber, right: BsonNumber): boolean {
  if (left.kind !== right.kind) return false;
  return left.kind === 'decimal' ? String(left.value) === String(right.value) : Object.is(left.value, right.value);
}

const fieldName = (state: ApplyState): string => state.path.at(-1) ?? '';

interface ArithmeticNames {
  readonly operator: string;
  readonly verb: string;
}

function notNumeric(names: ArithmeticNames, existing: unknown, state: ApplyState): CommandError {
  return new CommandError(
    'TypeMismatch',
    `Cannot apply ${names.operator} to a value of non-numeric type. {${formatId(state.root)}} has the field ` +
      `'${fieldName(state)}' of non-numeric type ${typeAlias(existing)}`,
  );
}

function arithmeticModifier(names: ArithmeticNames, apply: Arithmetic, created: Arithmetic): ModifierParser {
  return (path, operand) => {
    const number = toBsonNumber(operand);
    if (number === undefined) {
      const argument = formatField(path.dotted, operand);
      throw new CommandError('TypeMismatch', `Cannot ${names.verb} with non-numeric argument: {${argument}}`);
    }
    return {
      creates: true,
      update: (existing, state) => {
        const current = toBsonNumber(existing);
        if (current === undefined) throw notNumeric(names, existing, state);
        const result = apply(current, number);
        if (result === undefined) {
          throw new CommandError(
            'BadValue',
            `Failed to apply ${names.operator} operations to current value (${debugNumber(current)}) for document ` +
              `{${formatId(state.root)}}`,
          );
        }
        return sameNumber(result, current) ? existing : fromBsonNumber(result);
      },
      create: () => fromBsonNumber(created(number, ZERO) ?? number),
    };
  };
}

const BIT_FORMAT = '{$bit: {field: {and/or/xor: #}}';

interface BitStep {
  readonly apply: Arithmetic;
  readonly operand: BsonNumber;
}

function parseBitStep(name: string, value: unknown): BitStep {
  const apply = bitwise(name);
  const argument = `{${formatField(name, value)}}`;
  if (apply === undefined) {
    throw new CommandError(
      'BadValue',
      `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator: ${argument}`,
    );
  }
  const operand = toBsonNumber(value);
  if (operand === undefined || !isIntegral(operand)) {
    throw new CommandError(
      'BadValue',
      `The $bit modifier field must be an Integer(32/64 bit); a '${typeAlias(value)}' is not supported here: ${argument}`,
    );
  }
  return { apply, operand };
}

function parseBitSteps(operand: unknown): BitStep[] {
  if (!isDocument(operand)) {
    throw new CommandError(
      'BadValue',
      `The $bit modifier is not compatible with a ${typeAlias(operand)}. You must pass in an embedded document: ${BIT_FORMAT}`,
    );
  }
  const steps = Object.entries(operand).map(([name, value]) => parseBitStep(name, value));
  if (steps.length > 0) return steps;
  throw new CommandError('BadValue', `You must pass in at least one bitwise operation. The format is: ${BIT_FORMAT}`);
}

const bit: ModifierParser = (_path, operand) => {
  const steps = parseBitSteps(operand);
  const run = (start: BsonNumber): BsonNumber =>
    steps.reduce((current, step) => step.apply(current, step.operand) ?? current, start);
  return {
    creates: true,
    update: (existing, state) => {
      const current = toBsonNumber(existing);
      if (current === undefined || !isIntegral(current)) {
        throw new CommandError(
          'BadValue',
          `Cannot apply $bit to a value of non-integral type.${formatId(state.root)} has the field ${fieldName(state)} ` +
            `of non-integer type ${typeAlias(existing)}`,
        );
      }
      const result = run(current);
      return sameNumber(result, current) ? existing : fromBsonNumber(result);
    },
    create: () => fromBsonNumber(run(ZERO)),
  };
};

/** Modifiers that compute; the result has the wider of both types. */
export const numberModifiers: Readonly<Record<string, ModifierParser>> = {
  $inc: arithmeticModifier({ operator: '$inc', verb: 'increment' }, add, (number) => number),
  $mul: arithmeticModifier({ operator: '$mul', verb: 'multiply' }, multiply, multiply),
  $bit: bit,
};

import { Decimal128 } from 'bson';
import { CommandError } from '../errors.ts';
import { binary, isNullish, strict, typeNameOf, unary } from './expression-arguments.ts';
import type { Operator } from './expression-scope.ts';
import { arithmetic, roundTo } from './numbers.ts';
import type { Numeric, Rounding } from './numbers.ts';
import { isNumeric, numberOf } from './value-types.ts';

const ANY: readonly [number, number] = [0, Infinity];

function add(values: readonly unknown[]): unknown {
  let total: Numeric = 0;
  let date = false;
  let absent = false;
  for (const value of values) {
    if (isNullish(value)) absent = true;
    else if (value instanceof Date) {
      if (date) throw new CommandError(16612, 'only one date allowed in an $add expression');
      date = true;
      total = arithmetic('add', total, value.getTime());
    } else if (isNumeric(value)) total = arithmetic('add', total, value);
    else throw new CommandError('TypeMismatch', `$add only supports numeric or date types, not ${typeNameOf(value)}`);
  }
  if (absent) return null;
  return date ? new Date(Math.round(numberOf(total) ?? NaN)) : total;
}

function multiply(values: readonly unknown[]): unknown {
  let product: Numeric = 1;
  let absent = false;
  for (const value of values) {
    if (isNullish(value)) absent = true;
    else if (isNumeric(value)) product = arithmetic('multiply', product, value);
    else throw new CommandError('TypeMismatch', `$multiply only supports numeric types, not ${typeNameOf(value)}`);
  }
  return absent ? null : product;
}

function subtract(a: unknown, b: unknown): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  if (isNumeric(a) && isNumeric(b)) return arithmetic('subtract', a, b);
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  if (a instanceof Date && isNumeric(b)) return new Date(a.getTime() - Math.round(numberOf(b) ?? NaN));
  throw new CommandError('TypeMismatch', `can't $subtract ${typeNameOf(b)} from ${typeNameOf(a)}`);
}

function divide(a: unknown, b: unknown): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  if (!isNumeric(a) || !isNumeric(b)) {
    const types = `${typeNameOf(a)} and ${typeNameOf(b)}`;
    throw new CommandError('TypeMismatch', `$divide only supports numeric types, not ${types}`);
  }
  if (numberOf(b) === 0) throw new CommandError('BadValue', "can't $divide by zero");
  return arithmetic('divide', a, b);
}

function modulo(a: unknown, b: unknown): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  if (!isNumeric(a) || !isNumeric(b)) {
    throw new CommandError(16611, `$mod only supports numeric types, not ${typeNameOf(a)} and ${typeNameOf(b)}`);
  }
  if (numberOf(b) === 0) throw new CommandError(16610, "can't $mod by zero");
  return arithmetic('mod', a, b);
}

function numericUnary(name: string, compute: (value: Numeric) => unknown): Operator {
  return unary(name, (value) => {
    if (isNullish(value)) return null;
    if (!isNumeric(value))
      throw new CommandError(28765, `${name} only supports numeric types, not ${typeNameOf(value)}`);
    return compute(value);
  });
}

function rounding(name: '$round' | '$trunc'): Operator {
  const mode: Rounding = name === '$round' ? 'round' : 'trunc';
  return strict(name, [1, 2], ([value, places]) => {
    if (isNullish(value) || places === null) return null;
    if (!isNumeric(value))
      throw new CommandError(51081, `${name} only supports numeric types, not ${typeNameOf(value)}`);
    const digits = places === undefined ? 0 : numberOf(places);
    if (digits === undefined || !Number.isInteger(digits)) {
      throw new CommandError(51082, `precision argument to  ${name} must be a integral value`);
    }
    if (digits < -20 || digits > 100) {
      throw new CommandError(
        51083,
        `cannot apply ${name} with precision value ${String(digits)} value must be in [-20, 100]`,
      );
    }
    return roundTo(mode, value, digits);
  });
}

function absolute(value: Numeric): unknown {
  if (typeof value === 'number') return Math.abs(value);
  return (numberOf(value) ?? 0) < 0 ? arithmetic('multiply', value, -1) : value;
}

function power(a: unknown, b: unknown): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  if (!isNumeric(a)) throw new CommandError(28762, `$pow's base must be numeric, not ${typeNameOf(a)}`);
  if (!isNumeric(b)) throw new CommandError(28763, `$pow's exponent must be numeric, not ${typeNameOf(b)}`);
  return raised(a, b);
}

function raised(a: Numeric, b: Numeric): unknown {
  const [base, exponent] = [Number(numberOf(a)), Number(numberOf(b))];
  if (base === 0 && exponent < 0) throw new CommandError(28764, '$pow cannot take a base of 0 and a negative exponent');
  const result = base ** exponent;
  return a instanceof Decimal128 || b instanceof Decimal128 ? Decimal128.fromString(String(result)) : result;
}

function function1(
  name: string,
  compute: (value: number) => number,
  valid: (value: number) => boolean,
  code: number,
  limits: string,
): Operator {
  return numericUnary(name, (value) => {
    const number = numberOf(value) ?? NaN;
    if (!valid(number)) throw new CommandError(code, `${name}${limits}`);
    const result = compute(number);
    return value instanceof Decimal128 ? Decimal128.fromString(String(result)) : result;
  });
}

/** Arithmetic over all of BSON's number types, and dates where MongoDB takes them. */
export const ARITHMETIC: Readonly<Record<string, Operator>> = {
  $add: strict('$add', ANY, add),
  $multiply: strict('$multiply', ANY, multiply),
  $subtract: binary('$subtract', subtract),
  $divide: binary('$divide', divide),
  $mod: binary('$mod', modulo),
  $abs: numericUnary('$abs', absolute),
  $ceil: numericUnary('$ceil', (value) => roundTo('ceil', value, 0)),
  $floor: numericUnary('$floor', (value) => roundTo('floor', value, 0)),
  $round: rounding('$round'),
  $trunc: rounding('$trunc'),
  $pow: binary('$pow', power),
  $sqrt: function1(
    '$sqrt',
    Math.sqrt,
    (value) => !(value < 0),
    28714,
    "'s argument must be greater than or equal to 0",
  ),
  $exp: function1('$exp', Math.exp, () => true, 0, ''),
  $ln: function1('$ln', Math.log, (value) => !(value <= 0), 28766, "'s argument must be a positive number"),
  $log10: function1('$log10', Math.log10, (value) => !(value <= 0), 28761, "'s argument must be a positive number"),
};

import { Decimal128 } from 'bson';

/** IEEE 754 decimal128: 34 digits, rounded half to even. */
const DIGITS = 34;

interface Finite {
  readonly negative: boolean;
  readonly coefficient: bigint;
  readonly exponent: number;
}

/** A finite decimal, or what a number cannot be: the sum's or product's special value. */
type Parsed = Finite | 'NaN' | 'Infinity' | '-Infinity';

function parse(value: Decimal128): Parsed {
  const text = value.toString();
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return text;
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/i.exec(text);
  if (match === null) return 'NaN';
  const [, sign, whole = '', fraction = '', power = '0'] = match;
  return { negative: sign === '-', coefficient: BigInt(whole + fraction), exponent: Number(power) - fraction.length };
}

function roundedQuotient(coefficient: bigint, divisor: bigint): bigint {
  const quotient = coefficient / divisor;
  const twice = (coefficient % divisor) * 2n;
  const roundsUp = twice > divisor || (twice === divisor && quotient % 2n === 1n);
  return roundsUp ? quotient + 1n : quotient;
}

function build(value: Finite): Decimal128 {
  let { coefficient, exponent } = value;
  let excess = coefficient.toString().length - DIGITS;
  while (excess > 0) {
    coefficient = roundedQuotient(coefficient, 10n ** BigInt(excess));
    exponent += excess;
    excess = coefficient.toString().length - DIGITS;
  }
  const sign = value.negative ? '-' : '';
  try {
    return Decimal128.fromString(`${sign}${String(coefficient)}E${String(exponent)}`);
  } catch {
    return Decimal128.fromString(exponent > 0 ? `${sign}Infinity` : `${sign}0`);
  }
}

const isNegative = (value: Parsed): boolean => (typeof value === 'string' ? value === '-Infinity' : value.negative);

function addSpecial(left: Parsed, right: Parsed): Decimal128 {
  const specials = [left, right].filter((value) => typeof value === 'string');
  const [first = 'NaN', second = first] = specials;
  return Decimal128.fromString(first === second ? first : 'NaN');
}

function multiplySpecial(left: Parsed, right: Parsed): Decimal128 {
  const isUndefined = [left, right].some(
    (value) => value === 'NaN' || (typeof value !== 'string' && value.coefficient === 0n),
  );
  if (isUndefined) return Decimal128.fromString('NaN');
  return Decimal128.fromString(isNegative(left) === isNegative(right) ? 'Infinity' : '-Infinity');
}

/** The sum of two decimals, rounded to 34 digits. */
export function addDecimals(leftValue: Decimal128, rightValue: Decimal128): Decimal128 {
  const left = parse(leftValue);
  const right = parse(rightValue);
  if (typeof left === 'string' || typeof right === 'string') return addSpecial(left, right);
  const exponent = Math.min(left.exponent, right.exponent);
  const scaled = (value: Finite): bigint =>
    (value.negative ? -1n : 1n) * value.coefficient * 10n ** BigInt(value.exponent - exponent);
  const sum = scaled(left) + scaled(right);
  const negative = sum < 0n || (sum === 0n && left.negative && right.negative);
  return build({ negative, coefficient: sum < 0n ? -sum : sum, exponent });
}

/** The product of two decimals, rounded to 34 digits. */
export function multiplyDecimals(leftValue: Decimal128, rightValue: Decimal128): Decimal128 {
  const left = parse(leftValue);
  const right = parse(rightValue);
  if (typeof left === 'string' || typeof right === 'string') return multiplySpecial(left, right);
  return build({
    negative: left.negative !== right.negative,
    coefficient: left.coefficient * right.coefficient,
    exponent: left.exponent + right.exponent,
  });
}

/** A double as MongoDB turns it into a decimal: with 15 significant digits. */
export function decimalFromDouble(value: number): Decimal128 {
  return Decimal128.fromString(Number.isFinite(value) ? value.toPrecision(15) : String(value));
}

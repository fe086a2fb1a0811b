import { Decimal128, Double, Int32, Long } from 'bson';
import { integerOf, isNaNValue, numberOf } from './value-types.ts';

/** A number as documents hold it, promoted or in its BSON class. */
export type Numeric = number | bigint | Int32 | Double | Long | Decimal128;

/** A decimal floating-point number without limit: coefficient · 10^exponent. */
interface Scaled {
  readonly coefficient: bigint;
  readonly exponent: number;
}

/** Digits that Decimal128 keeps. */
const PRECISION = 34;

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);

function scaledOf(value: Numeric): Scaled | undefined {
  const text = typeof value === 'number' ? decimalText(value) : value.toString();
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:E([+-]?\d+))?$/i.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction || '0');
  return { coefficient: sign === '-' ? -digits : digits, exponent: Number(exponent) - fraction.length };
}

/** A double becomes the decimal of its 15 significant digits, as MongoDB converts it. */
function decimalText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? String(value) : String(Number(value.toPrecision(15)));
}

function toDecimal({ coefficient, exponent }: Scaled): Decimal128 {
  let digits = coefficient;
  let power = exponent;
  const excess = (digits < 0n ? -digits : digits).toString().length - PRECISION;
  if (excess > 0) {
    digits = roundHalfEven(digits, 10n ** BigInt(excess));
    power += excess;
  }
  return Decimal128.fromString(`${String(digits)}E${String(power)}`);
}

function roundHalfEven(value: bigint, unit: bigint): bigint {
  const quotient = value / unit;
  const rest = value % unit;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice < unit || (twice === unit && quotient % 2n === 0n)) return quotient;
  return quotient + (value < 0n ? -1n : 1n);
}

function aligned(a: Scaled, b: Scaled): [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  const raise = ({ coefficient, exponent: own }: Scaled): bigint => coefficient * 10n ** BigInt(own - exponent);
  return [raise(a), raise(b), exponent];
}

export type Arithmetic = 'add' | 'subtract' | 'multiply' | 'divide' | 'mod';

const DECIMAL: Readonly<Record<Arithmetic, (a: Scaled, b: Scaled) => Scaled>> = {
  add: (a, b) => {
    const [left, right, exponent] = aligned(a, b);
    return { coefficient: left + right, exponent };
  },
  subtract: (a, b) => {
    const [left, right, exponent] = aligned(a, b);
    return { coefficient: left - right, exponent };
  },
  multiply: (a, b) => ({ coefficient: a.coefficient * b.coefficient, exponent: a.exponent + b.exponent }),
  divide: (a, b) => {
    const shift = PRECISION + b.coefficient.toString().length;
    const scaled = {
      coefficient: (a.coefficient * 10n ** BigInt(shift)) / b.coefficient,
      exponent: a.exponent - shift - b.exponent,
    };
    return withoutZeros(scaled, a.exponent - b.exponent);
  },
  mod: (a, b) => {
    const [left, right, exponent] = aligned(a, b);
    return { coefficient: left % right, exponent };
  },
};

/** Takes trailing zeros off, down to the exponent that an exact quotient would have. */
function withoutZeros({ coefficient, exponent }: Scaled, ideal: number): Scaled {
  let digits = coefficient;
  let power = exponent;
  while (power < ideal && digits % 10n === 0n) {
    digits /= 10n;
    power++;
  }
  return { coefficient: digits, exponent: power };
}

const DOUBLES: Readonly<Record<Arithmetic, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  mod: (a, b) => a % b,
};

const INTEGERS: Readonly<Partial<Record<Arithmetic, (a: bigint, b: bigint) => bigint>>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  mod: (a, b) => a % b,
};

function isWhole(value: Numeric): boolean {
  return value instanceof Long || value instanceof Int32 || typeof value === 'bigint' || Number.isSafeInteger(value);
}

/** A whole number as the plain decoding shows it: a JavaScript number while that is exact, else a Long. */
export function fromBigInt(value: bigint): number | Long {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : Long.fromBigInt(value);
}

/**
 * Arithmetic over BSON's number types: decimal if either side is, exact on 64-bit integers (a double where they overflow), else double.
 */
export function arithmetic(operation: Arithmetic, a: Numeric, b: Numeric): number | Long | Decimal128 {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = DOUBLES[operation](a, b);
    if (Number.isSafeInteger(result) || !Number.isSafeInteger(a) || !Number.isSafeInteger(b)) return result;
  }
  if (a instanceof Decimal128 || b instanceof Decimal128) return decimalArithmetic(operation, a, b);
  return integerArithmetic(operation, a, b) ?? doubleArithmetic(operation, a, b);
}

function doubleArithmetic(operation: Arithmetic, a: Numeric, b: Numeric): number {
  return DOUBLES[operation](Number(numberOf(a)), Number(numberOf(b)));
}

/** Undefined where a side is no integer, or the result is beyond 64 bits. */
function integerArithmetic(operation: Arithmetic, a: Numeric, b: Numeric): number | Long | undefined {
  const exact = INTEGERS[operation];
  if (exact === undefined || !isWhole(a) || !isWhole(b)) return undefined;
  const [left, right] = [integerOf(a), integerOf(b)];
  if (left === undefined || right === undefined) return undefined;
  const result = exact(left, right);
  return result <= LONG_MAX && result >= LONG_MIN ? fromBigInt(result) : undefined;
}

function decimalArithmetic(operation: Arithmetic, a: Numeric, b: Numeric): Decimal128 {
  const [left, right] = [scaledOf(a), scaledOf(b)];
  const divides = operation === 'divide' || operation === 'mod';
  if (left === undefined || right === undefined || (divides && right.coefficient === 0n)) {
    return Decimal128.fromString(String(doubleArithmetic(operation, a, b)));
  }
  return toDecimal(DECIMAL[operation](left, right));
}

/** The number as a Decimal128. */
export function decimalOf(value: Numeric): Decimal128 {
  if (value instanceof Decimal128) return value;
  const scaled = scaledOf(value);
  return scaled === undefined ? Decimal128.fromString(String(numberOf(value))) : toDecimal(scaled);
}

export type Rounding = 'round' | 'trunc' | 'floor' | 'ceil';

const QUOTIENTS: Readonly<Record<Rounding, (value: bigint, unit: bigint) => bigint>> = {
  round: roundHalfEven,
  trunc: (value, unit) => value / unit,
  floor: (value, unit) => value / unit - (value % unit < 0n ? 1n : 0n),
  ceil: (value, unit) => value / unit + (value % unit > 0n ? 1n : 0n),
};

/** Rounds to `places` digits after the point (before it when negative); halves go to the even neighbour. */
export function roundTo(rounding: Rounding, value: Numeric, places: number): Numeric {
  const scaled = scaledOf(value);
  if (scaled === undefined || isNaNValue(value) || scaled.exponent >= -places) return value;
  const unit = 10n ** BigInt(-places - scaled.exponent);
  const rounded: Scaled = { coefficient: QUOTIENTS[rounding](scaled.coefficient, unit), exponent: -places };
  if (value instanceof Decimal128) return toDecimal(rounded);
  const text = `${String(rounded.coefficient)}E${String(rounded.exponent)}`;
  return isWhole(value) ? fromBigInt(rounded.coefficient * 10n ** BigInt(Math.max(0, -places))) : Number(text);
}

/** Adds numbers one by one without losing small addends (Neumaier) or digits of integers and decimals. */
export class Sum {
  private total = 0;
  private correction = 0;
  private exact: Long | Decimal128 | undefined;
  private integers = 0;
  count = 0;

  /** Takes the value in if it is a number; anything else is passed over. */
  add(value: unknown): void {
    if (typeof value === 'number') {
      this.addDouble(value);
    } else if (value instanceof Int32 || value instanceof Double) {
      this.addDouble(value.valueOf());
    } else if (value instanceof Long || value instanceof Decimal128) {
      this.count++;
      const sum = this.exact === undefined ? value : arithmetic('add', this.exact, value);
      this.exact = typeof sum === 'number' ? Long.fromNumber(sum) : sum;
    }
  }

  private addDouble(value: number): void {
    this.count++;
    if (Number.isSafeInteger(value)) {
      const sum = this.integers + value;
      if (Number.isSafeInteger(sum)) {
        this.integers = sum;
        return;
      }
    }
    const sum = this.total + value;
    this.correction += Math.abs(this.total) >= Math.abs(value) ? this.total - sum + value : value - sum + this.total;
    this.total = sum;
  }

  result(): number | Long | Decimal128 {
    const doubles = Number.isFinite(this.total) ? this.total + this.correction : this.total;
    const plain = doubles === 0 ? this.integers : arithmetic('add', this.integers, doubles);
    return this.exact === undefined ? plain : arithmetic('add', this.exact, plain);
  }

  /** The arithmetic mean, `null` of no numbers. */
  mean(): number | Long | Decimal128 | null {
    if (this.count === 0) return null;
    const total = this.result();
    if (total instanceof Decimal128) return arithmetic('divide', total, this.count);
    return (numberOf(total) ?? NaN) / this.count;
  }
}

import { CommandError } from '../errors.ts';
import { accumulatorOf } from './accumulators.ts';
import type { Accumulator } from './accumulators.ts';
import { canonicalKey } from './canonical-key.ts';
import { compareWith, foldValue } from './collation.ts';
import type { Collation } from './collation.ts';
import { compileLoosely } from './expression.ts';
import { isNullish } from './expression-arguments.ts';
import type { Evaluate, Scope } from './expression-scope.ts';
import { compileSort } from './sort.ts';
import type { Sorter } from './sort.ts';
import { isObject, numberOf, setField } from './value-types.ts';
import type { Fields } from './value-types.ts';

interface Output {
  readonly name: string;
  /** What is fed to the accumulator for a document. */
  readonly input: Evaluate;
  make(scope: Scope): Accumulator;
}

interface Ranked {
  readonly key: unknown[];
  readonly value: unknown;
}

type Compare = (a: unknown, b: unknown) => number;

function countOf(evaluate: Evaluate | undefined, scope: Scope): number {
  if (evaluate === undefined) return 1;
  const count = numberOf(evaluate(scope));
  if (count === undefined || !Number.isInteger(count))
    throw new CommandError(5787902, "Value for 'n' must be of integral type");
  if (count < 1) throw new CommandError(5787908, `'n' must be greater than 0, found ${String(count)}`);
  return count;
}

/** Keeps the first `count` in the given order, without sorting all. */
function firstBy<Value>(
  count: number,
  compare: (a: Value, b: Value) => number,
): { add(value: Value): void; values(): Value[] } {
  let kept: Value[] = [];
  const trim = (): void => {
    kept = kept.sort(compare).slice(0, count);
  };
  return {
    add: (value) => {
      kept.push(value);
      if (kept.length >= 2 * count + 64) trim();
    },
    values: () => {
      trim();
      return kept;
    },
  };
}

function rankedOutput(name: string, operator: string, argument: Fields, collation: Collation | undefined): Output {
  const { n, sortBy, output } = argument;
  if (!isObject(sortBy)) throw new CommandError(5788005, `Missing value for 'sortBy'`);
  const isTop = operator.startsWith('$top');
  const sorter: Sorter = compileSort(sortBy, collation);
  const value = compileLoosely(output, collation);
  const count = operator.endsWith('N') ? compileLoosely(n, collation) : undefined;
  const compare = (a: Ranked, b: Ranked): number => sorter.compare(a.key, b.key) * (isTop ? 1 : -1);
  return {
    name,
    input: (scope) => ({ key: sorter.keyOf(isObject(scope.root) ? scope.root : {}), value: value(scope) ?? null }),
    make: (scope) => {
      const best = firstBy(countOf(count, scope), compare);
      return {
        add: (ranked) => {
          best.add(ranked as Ranked);
        },
        result: () => {
          const values = best.values().map((ranked) => ranked.value);
          if (count === undefined) return values[0] ?? null;
          return isTop ? values : values.reverse();
        },
      };
    },
  };
}

function countedAccumulator(operator: string, count: number, compare: Compare): Accumulator {
  if (operator === '$minN' || operator === '$maxN') {
    const best = firstBy<unknown>(count, operator === '$minN' ? compare : (a, b) => compare(b, a));
    return {
      add: (value) => {
        if (!isNullish(value)) best.add(value);
      },
      result: () => best.values(),
    };
  }
  const values: unknown[] = [];
  return {
    add: (value) => {
      if (operator === '$lastN' && values.length === count) values.shift();
      if (values.length < count) values.push(value ?? null);
    },
    result: () => values,
  };
}

function countedOutput(name: string, operator: string, argument: Fields, collation: Collation | undefined): Output {
  const count = compileLoosely(argument.n, collation);
  const compare = compareWith(collation);
  return {
    name,
    input: compileLoosely(argument.input, collation),
    make: (scope) => countedAccumulator(operator, countOf(count, scope), compare),
  };
}

function percentileOutput(name: string, operator: string, argument: Fields, collation: Collation | undefined): Output {
  const wanted = operator === '$median' ? [0.5] : argument.p;
  if (!Array.isArray(wanted))
    throw new CommandError(7750301, "The $percentile 'p' field must be an array of numbers from [0.0, 1.0]");
  return {
    name,
    input: compileLoosely(argument.input, collation),
    make: () => {
      const numbers: number[] = [];
      return {
        add: (value) => {
          const number = numberOf(value);
          if (number !== undefined) numbers.push(number);
        },
        result: () => {
          numbers.sort((a, b) => a - b);
          const found = wanted.map(
            (p) => numbers[Math.max(0, Math.ceil((numberOf(p) ?? 0) * numbers.length) - 1)] ?? null,
          );
          return operator === '$median' ? (found[0] ?? null) : found;
        },
      };
    },
  };
}

const one: Evaluate = () => 1;

type MakeOutput = (name: string, operator: string, argument: Fields, collation: Collation | undefined) => Output;

/** The accumulators whose argument is an object of parts. */
const WITH_PARTS: Readonly<Record<string, MakeOutput>> = {
  $top: rankedOutput,
  $topN: rankedOutput,
  $bottom: rankedOutput,
  $bottomN: rankedOutput,
  $firstN: countedOutput,
  $lastN: countedOutput,
  $minN: countedOutput,
  $maxN: countedOutput,
  $percentile: percentileOutput,
  $median: percentileOutput,
};

function accumulatorSpec(name: string, spec: unknown): readonly [operator: string, argument: unknown] {
  if (name.includes('.')) throw new CommandError(40235, `The field name '${name}' cannot contain '.'`);
  if (name.startsWith('$')) throw new CommandError(40236, `The field name '${name}' cannot be an operator name`);
  if (!isObject(spec)) throw new CommandError(40234, `The field '${name}' must be an accumulator object`);
  const [first, ...others] = Object.entries(spec);
  if (first === undefined || others.length > 0) {
    throw new CommandError(40238, `The field '${name}' must specify one accumulator`);
  }
  return first;
}

function outputOf(name: string, spec: unknown, collation: Collation | undefined): Output {
  const [operator, argument] = accumulatorSpec(name, spec);
  if (operator === '$accumulator') {
    throw new CommandError('BadValue', '$accumulator is refused: user code is not run by the embedded server');
  }
  if (operator === '$count') return { name, input: one, make: () => accumulatorOf('$sum')(collation) };
  const withParts = Object.hasOwn(WITH_PARTS, operator) ? WITH_PARTS[operator] : undefined;
  if (withParts !== undefined && isObject(argument)) return withParts(name, operator, argument, collation);
  const make = accumulatorOf(operator);
  return { name, input: compileLoosely(unwrapped(argument), collation), make: () => make(collation) };
}

/** A list of one argument is that argument, as for any operator. */
function unwrapped(argument: unknown): unknown {
  return Array.isArray(argument) && argument.length === 1 ? (argument as unknown[])[0] : argument;
}

interface Group {
  readonly id: unknown;
  readonly accumulators: readonly Accumulator[];
}

/** A `$group` that takes documents one at a time and keeps no more of them than its accumulators need. */
export class Grouping {
  private readonly groups = new Map<unknown, Group>();
  private readonly id: Evaluate;
  private readonly outputs: readonly Output[];
  private readonly collation: Collation | undefined;

  /** @throws CommandError with MongoDB's locations for a specification that is no group */
  constructor(spec: unknown, collation?: Collation) {
    if (!isObject(spec)) throw new CommandError(15947, "a group's fields must be specified in an object");
    if (!Object.hasOwn(spec, '_id')) throw new CommandError(15955, 'a group specification must include an _id');
    this.id = compileLoosely(spec._id, collation);
    this.collation = collation;
    this.outputs = Object.entries(spec)
      .filter(([name]) => name !== '_id')
      .map(([name, output]) => outputOf(name, output, collation));
  }

  /** A grouping of the same specification without documents, which spares compiling it again. */
  empty(): Grouping {
    const copy = Object.create(Grouping.prototype) as Grouping;
    return Object.assign(copy, this, { groups: new Map<unknown, Group>() });
  }

  add(scope: Scope): void {
    const id = this.id(scope) ?? null;
    const group = this.groupOf(id, scope);
    let index = 0;
    for (const accumulator of group.accumulators) accumulator.add(this.outputs[index++]?.input(scope));
  }

  private groupOf(id: unknown, scope: Scope): Group {
    const folded = this.collation === undefined ? id : foldValue(id, this.collation);
    const key = canonicalKey(folded);
    let group = this.groups.get(key);
    if (group === undefined) {
      group = { id, accumulators: this.outputs.map((output) => output.make(scope)) };
      this.groups.set(key, group);
    }
    return group;
  }

  results(): Fields[] {
    return [...this.groups.values()].map(({ id, accumulators }) => {
      const result: Fields = { _id: id };
      this.outputs.forEach(({ name }, index) => {
        setField(result, name, accumulators[index]?.result());
      });
      return result;
    });
  }
}

import type { Document } from '../bson/codec.ts';
import { compareValues } from '../bson/order.ts';
import { CommandError } from '../errors.ts';
import { canonicalKey } from '../query/canonical-key.ts';
import { compileExpression } from '../query/expression.ts';
import { isNumeric, isObject, numberOf, show } from '../query/value-types.ts';
import { valueAt, withValue } from './document-path.ts';
import type { CompileStage } from './stage.ts';

/** MongoDB's limit of generated documents. */
const MOST_GENERATED = 500_000;

type Bounds = 'full' | 'partition' | readonly [low: unknown, high: unknown];

interface Densify {
  readonly field: readonly string[];
  readonly partitionBy: readonly (readonly string[])[];
  readonly bounds: Bounds;
  readonly isDate: boolean;
  /** The value so many steps after another. */
  after(value: unknown, steps: number): unknown;
}

function parse(argument: unknown): Densify {
  if (!isObject(argument)) throw new CommandError('TypeMismatch', 'The $densify specification must be an object');
  const { field, range, partitionByFields = [], ...others } = argument;
  refuseUnknown('$densify', others);
  if (typeof field !== 'string')
    throw new CommandError(40414, "BSON field '$densify.field' is missing but a required field");
  if (!isObject(range)) throw new CommandError(40414, "BSON field '$densify.range' is missing but a required field");
  if (field.startsWith('$')) throw new CommandError(16410, "Cannot densify field starting with '$'");
  if (!Array.isArray(partitionByFields) || !partitionByFields.every((path) => typeof path === 'string')) {
    throw new CommandError(
      'TypeMismatch',
      "BSON field '$densify.partitionByFields' is the wrong type, expected type 'array' of strings",
    );
  }
  const { step, bounds, unit, ...rest } = range;
  refuseUnknown('$densify.range', rest);
  const read = boundsOf(bounds, unit !== undefined, partitionByFields.length > 0);
  return {
    field: field.split('.'),
    partitionBy: partitionByFields.map((path) => path.split('.')),
    bounds: read,
    isDate: unit !== undefined,
    after: stepper(stepOf(step), unit),
  };
}

function refuseUnknown(name: string, others: Document): void {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new CommandError(40415, `BSON field '${name}.${unknown}' is an unknown field.`);
}

function stepOf(step: unknown): number {
  if (step === undefined)
    throw new CommandError(40414, "BSON field '$densify.range.step' is missing but a required field");
  const number = isNumeric(step) ? numberOf(step) : undefined;
  if (number === undefined || number <= 0)
    throw new CommandError(
      5733401,
      'The step parameter in a range statement must be a strictly positive numeric value',
    );
  return number;
}

function boundsOf(bounds: unknown, isDate: boolean, hasPartitions: boolean): Bounds {
  if (bounds === 'full') return bounds;
  if (bounds === 'partition') {
    if (hasPartitions) return bounds;
    throw new CommandError(
      5733408,
      "one may not specify the bounds as 'partition' without specifying a non-empty array of partitionByFields. You may have meant to specify 'full' bounds.",
    );
  }
  if (!Array.isArray(bounds) || bounds.length !== 2) {
    throw new CommandError(5733403, 'a bounding array in a range statement must have exactly two elements');
  }
  const [low, high] = bounds as [unknown, unknown];
  const isRight = (value: unknown): boolean => (isDate ? value instanceof Date : isNumeric(value));
  if (!isRight(low) || !isRight(high)) {
    throw new CommandError(
      5733406,
      `a bounding array must contain either both dates or both numeric types; with a unit they must be dates: ${show(bounds)}`,
    );
  }
  if (compareValues(low, high) > 0)
    throw new CommandError(
      5733402,
      "the bounds in a range statement must be the string 'full', 'partition', or an ascending array of two numbers or two dates",
    );
  return [low, high];
}

function stepper(step: number, unit: unknown): (value: unknown, steps: number) => unknown {
  if (unit === undefined) return (value, steps) => (numberOf(value) ?? NaN) + steps * step;
  if (!Number.isInteger(step))
    throw new CommandError(
      6586400,
      'The step parameter in a range statement must be a whole number when densifying a date range',
    );
  const add = compileExpression({ $dateAdd: { startDate: '$$date', unit, amount: '$$by' } }, { names: ['date', 'by'] });
  return (value, steps) => (steps === 0 ? value : add({}, { date: value, by: steps * step }));
}

interface Part {
  readonly values: readonly unknown[];
  readonly documents: { readonly document: Document; readonly value: unknown }[];
}

/** Adds documents where values of a field are missing between others. */
export const densify: CompileStage = (argument) => {
  const spec = parse(argument);
  return () => {
    const passed: Document[] = [];
    const parts = new Map<string, Part>();
    return {
      add: (document) => {
        const value = valueAt(document, spec.field);
        if (value === undefined || value === null) {
          passed.push(document);
          return;
        }
        checkValue(value, spec);
        const values = spec.partitionBy.map((path) => valueAt(document, path));
        const key = canonicalKey(values.map((part) => part ?? null));
        let part = parts.get(key);
        if (part === undefined) parts.set(key, (part = { values, documents: [] }));
        part.documents.push({ document, value });
      },
      *finish() {
        yield* passed;
        yield* densified([...parts.values()], spec);
      },
    };
  };
};

function checkValue(value: unknown, { isDate }: Densify): void {
  if (!isDate && !isNumeric(value)) {
    throw new CommandError(
      5733201,
      `PlanExecutor error during aggregation :: caused by :: Densify field type must be numeric, not ${show(value)}`,
    );
  }
  if (isDate && !(value instanceof Date)) {
    throw new CommandError(
      6053600,
      `PlanExecutor error during aggregation :: caused by :: Densify field type must be a date when a unit is given, not ${show(value)}`,
    );
  }
}

function* densified(parts: readonly Part[], spec: Densify): Generator<Document, void> {
  for (const { documents } of parts) documents.sort((a, b) => compareValues(a.value, b.value));
  const ordered = [...parts].sort((a, b) =>
    compareValues(
      a.values.map((value) => value ?? null),
      b.values.map((value) => value ?? null),
    ),
  );
  const all = ordered.flatMap(({ documents }) => [documents[0]?.value, documents.at(-1)?.value]).sort(compareValues);
  // Without any document a given range is filled as well.
  if (ordered.length === 0 && spec.partitionBy.length === 0 && Array.isArray(spec.bounds))
    ordered.push({ values: [], documents: [] });
  let generated = 0;
  for (const part of ordered) {
    for (const made of densifiedPart(part, spec, [all[0], all.at(-1)])) {
      if (made.isNew && ++generated > MOST_GENERATED) {
        throw new CommandError(
          5897900,
          `Generated ${String(generated)} documents in $densify, which is over the limit of ${String(MOST_GENERATED)}. Increase the 'internalQueryMaxAllowedDensifyDocs' parameter to allow more generated documents`,
        );
      }
      yield made.document;
    }
  }
}

function* densifiedPart(
  { values, documents }: Part,
  spec: Densify,
  all: readonly [unknown, unknown],
): Generator<{ document: Document; isNew: boolean }, void> {
  const { low, high, isOpen } = limitsOf(documents, spec.bounds, all);
  const isWithin = (value: unknown): boolean => compareValues(value, high) < (isOpen ? 0 : 1);
  const blank = spec.partitionBy.reduce<Document>((made, path, index) => withValue(made, path, values[index]), {});
  let steps = 0;
  for (const { document, value } of documents) {
    for (
      let next = spec.after(low, steps);
      isWithin(next) && compareValues(next, value) < 0;
      next = spec.after(low, ++steps)
    ) {
      yield { document: withValue(blank, spec.field, next), isNew: true };
    }
    if (compareValues(spec.after(low, steps), value) === 0) steps += 1;
    yield { document, isNew: false };
  }
  for (let next = spec.after(low, steps); isWithin(next); next = spec.after(low, ++steps)) {
    yield { document: withValue(blank, spec.field, next), isNew: true };
  }
}

/** Where the values begin and end; a range that is given does not hold its end. */
function limitsOf(
  documents: Part['documents'],
  bounds: Bounds,
  all: readonly [unknown, unknown],
): { low: unknown; high: unknown; isOpen: boolean } {
  if (bounds === 'full') return { low: all[0], high: all[1], isOpen: false };
  if (bounds === 'partition') return { low: documents[0]?.value, high: documents.at(-1)?.value, isOpen: false };
  return { low: bounds[0], high: bounds[1], isOpen: true };
}

import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { isObject } from '../query/value-types.ts';
import { inTurn } from './group.ts';
import { addFields } from './shape-stages.ts';
import type { CompileStage } from './stage.ts';
import { setWindowFields } from './window-stage.ts';

const FIELDS: ReadonlySet<string> = new Set(['partitionBy', 'partitionByFields', 'sortBy', 'output']);
const METHODS: Readonly<Record<string, string>> = { linear: '$linearFill', locf: '$locf' };

interface Filling {
  /** Outputs of `$setWindowFields`. */
  readonly windows: Document;
  /** Expressions of `$addFields`. */
  readonly values: Document;
}

function fillingOf(output: unknown): Filling {
  if (!isObject(output)) throw new CommandError(40414, "BSON field '$fill.output' is missing but a required field");
  const [windows, values]: [Document, Document] = [{}, {}];
  for (const [path, spec] of Object.entries(output)) {
    const { method, value, ...others } = isObject(spec) ? spec : {};
    if ((method === undefined) === (value === undefined) || Object.keys(others).length > 0) {
      throw new CommandError(
        6050200,
        "Each fill output specification must have exactly one of 'method' or 'value' fields",
      );
    }
    if (method === undefined) values[path] = { $ifNull: [`$${path}`, value] };
    else windows[path] = { [methodOf(method)]: `$${path}` };
  }
  return { windows, values };
}

function methodOf(method: unknown): string {
  const found = typeof method === 'string' ? METHODS[method] : undefined;
  if (found === undefined) throw new CommandError(6050202, 'Method must be either locf or linear');
  return found;
}

function partitionOf({ partitionBy, partitionByFields }: Document): unknown {
  if (partitionBy !== undefined && partitionByFields !== undefined) {
    throw new CommandError(6050204, "Maximum one of 'partitionBy' and 'partitionByFields can be specified in '$fill'");
  }
  if (partitionByFields === undefined) return partitionBy;
  const fields = partitionByFields as unknown[];
  if (
    !Array.isArray(partitionByFields) ||
    !fields.every((field) => typeof field === 'string' && !field.startsWith('$'))
  ) {
    throw new CommandError(6050203, "Each field in 'partitionByFields' must be a string that does not start with '$'");
  }
  return Object.fromEntries(fields.map((field, index) => [String(index), `$${String(field)}`]));
}

/** `$fill` is `$setWindowFields` and `$addFields`, in MongoDB as well. */
export const fill: CompileStage = (argument, context) => {
  if (!isObject(argument)) throw new CommandError(6050201, 'The $fill stage specification must be an object');
  for (const name of Object.keys(argument)) {
    if (!FIELDS.has(name)) throw new CommandError(40415, `BSON field '$fill.${name}' is an unknown field.`);
  }
  const { windows, values } = fillingOf(argument.output);
  const partitionBy = partitionOf(argument);
  const window = {
    ...(argument.sortBy === undefined ? {} : { sortBy: argument.sortBy }),
    ...(partitionBy === undefined ? {} : { partitionBy }),
    output: windows,
  };
  const isComputed = Object.keys(values).length > 0;
  if (Object.keys(windows).length === 0 && isComputed) return addFields('$fill')(values, context);
  const filled = setWindowFields(window, context);
  return isComputed ? inTurn(filled, addFields('$fill')(values, context)) : filled;
};

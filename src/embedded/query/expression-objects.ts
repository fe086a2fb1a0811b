import { CommandError } from '../errors.ts';
import { isNullish, namedArguments, typeNameOf, unary } from './expression-arguments.ts';
import type { Compiling, Evaluate, Operator } from './expression-scope.ts';
import { fieldOf, isObject, setField, show } from './value-types.ts';
import type { Fields } from './value-types.ts';

/** Merges objects from left to right; null and missing count as empty. @throws CommandError 40400 for anything else */
export function mergeObjects(values: readonly unknown[]): Fields {
  const merged: Fields = {};
  for (const value of values) {
    if (isNullish(value)) continue;
    if (!isObject(value)) {
      throw new CommandError(
        40400,
        `$mergeObjects requires object inputs, but input ${show(value)} is of type ${typeNameOf(value)}`,
      );
    }
    for (const [name, member] of Object.entries(value)) if (member !== undefined) setField(merged, name, member);
  }
  return merged;
}

function merge(argument: unknown, compiling: Compiling): Evaluate {
  const parts = (Array.isArray(argument) ? (argument as unknown[]) : [argument]).map((part) =>
    compiling.compile(part, compiling),
  );
  return (scope) => {
    const values = parts.map((part) => part(scope));
    const [only] = values;
    return mergeObjects(values.length === 1 && Array.isArray(only) ? (only as unknown[]) : values);
  };
}

function fieldName(argument: unknown, operator: string): string {
  const name = isObject(argument) && Object.hasOwn(argument, '$literal') ? argument.$literal : argument;
  if (typeof name !== 'string') {
    throw new CommandError(
      4161107,
      `${operator} requires 'field' to evaluate to a constant String, got ${typeNameOf(name)}`,
    );
  }
  if (name.startsWith('$') && name === argument) {
    const message = `'${name}' starts with '$'. Use $literal to name a field that does`;
    throw new CommandError(4161108, message);
  }
  return name;
}

function getField(argument: unknown, compiling: Compiling): Evaluate {
  const isShort = !isObject(argument) || !Object.hasOwn(argument, 'field');
  const [field, input] = isShort ? [argument, '$$CURRENT'] : [argument.field, argument.input ?? '$$CURRENT'];
  if (!isShort && !Object.hasOwn(argument, 'input')) {
    throw new CommandError(3041703, "$getField requires 'input' to be specified");
  }
  const name = fieldName(field, '$getField');
  const source = compiling.compile(input, compiling);
  return (scope) => {
    const value = source(scope);
    if (value === null) return null;
    return isObject(value) ? fieldOf(value, name) : undefined;
  };
}

function setFieldOf(argument: unknown, compiling: Compiling): Evaluate {
  const parts = namedArguments('$setField', argument, ['field', 'input'], 4161100);
  if (!Object.hasOwn(parts, 'value')) throw new CommandError(4161103, "$setField requires 'value' to be specified");
  const name = fieldName(parts.field, '$setField');
  const source = compiling.compile(parts.input, compiling);
  const value = compiling.compile(parts.value, compiling);
  return (scope) => withField(source(scope), name, value(scope));
}

function unsetFieldOf(argument: unknown, compiling: Compiling): Evaluate {
  const parts = namedArguments('$unsetField', argument, ['field', 'input'], 4161101);
  const name = fieldName(parts.field, '$unsetField');
  const source = compiling.compile(parts.input, compiling);
  return (scope) => withField(source(scope), name, undefined);
}

function withField(source: unknown, name: string, value: unknown): unknown {
  if (isNullish(source)) return null;
  if (!isObject(source)) throw new CommandError(4161105, `$setField requires 'input' to evaluate to type Object`);
  const result = { ...source };
  if (value === undefined) Reflect.deleteProperty(result, name);
  else setField(result, name, value);
  return result;
}

/** Operators on objects. */
export const OBJECTS: Readonly<Record<string, Operator>> = {
  $mergeObjects: merge,
  $getField: getField,
  $setField: setFieldOf,
  $unsetField: unsetFieldOf,
  $objectToArray: unary('$objectToArray', (value) => {
    if (isNullish(value)) return null;
    if (!isObject(value)) {
      throw new CommandError(40390, `$objectToArray requires a document input, found: ${typeNameOf(value)}`);
    }
    return Object.entries(value).map(([k, v]) => ({ k, v }));
  }),
};

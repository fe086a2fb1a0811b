import { Lazy } from 'mingo/lazy';
import type { Iterator } from 'mingo/lazy';
import { CommandError } from '../errors.ts';
import { typeNameOf } from './expression-arguments.ts';
import { fieldOf, isObject, setField } from './value-types.ts';
import type { Fields } from './value-types.ts';

interface Unwinding {
  readonly path: readonly string[];
  readonly indexField: readonly string[] | undefined;
  readonly keepsEmpty: boolean;
}

const OPTIONS: ReadonlySet<string> = new Set(['path', 'includeArrayIndex', 'preserveNullAndEmptyArrays']);

function parsePath(path: unknown): string[] {
  if (path === undefined) throw new CommandError(28812, 'no path specified to $unwind stage');
  if (typeof path !== 'string') {
    throw new CommandError(28808, `expected a string as the path for $unwind stage, got ${typeNameOf(path)}`);
  }
  if (!path.startsWith('$')) {
    throw new CommandError(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  }
  return path.slice(1).split('.');
}

function parseIndexField(index: unknown): string[] | undefined {
  if (index === undefined) return undefined;
  if (typeof index !== 'string' || index === '') {
    throw new CommandError(28810, 'expected a non-empty string for the includeArrayIndex  option to $unwind stage');
  }
  if (index.startsWith('$')) {
    throw new CommandError(
      28822,
      `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${index}`,
    );
  }
  return index.split('.');
}

function parse(argument: unknown): Unwinding {
  const spec: Fields = isObject(argument) ? argument : { path: argument };
  const unknown = Object.keys(spec).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) throw new CommandError(28811, `unrecognized option to $unwind stage: ${unknown}`);
  const keepsEmpty = spec.preserveNullAndEmptyArrays ?? false;
  if (typeof keepsEmpty !== 'boolean') {
    throw new CommandError(28809, 'expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage');
  }
  return { path: parsePath(spec.path), indexField: parseIndexField(spec.includeArrayIndex), keepsEmpty };
}

/** A copy of the document with the value at the path, `undefined` taking it away; everything off the path is shared. */
function withValue(document: Fields, path: readonly string[], value: unknown): Fields {
  const copy = { ...document };
  const [name = '', ...rest] = path;
  const inner = rest.length === 0 ? value : withValue(isObject(copy[name]) ? copy[name] : {}, rest, value);
  if (inner === undefined) Reflect.deleteProperty(copy, name);
  else setField(copy, name, inner);
  return copy;
}

function valueAt(document: Fields, path: readonly string[]): unknown {
  let value: unknown = document;
  for (const name of path) {
    if (!isObject(value)) return undefined;
    value = fieldOf(value, name);
  }
  return value;
}

function* unwound(document: Fields, { path, indexField, keepsEmpty }: Unwinding): Generator<Fields> {
  const value = valueAt(document, path);
  const indexed = (result: Fields, index: number | null): Fields =>
    indexField === undefined ? result : withValue(result, indexField, index);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) yield indexed(withValue(document, path, value[index]), index);
    if (value.length === 0 && keepsEmpty) yield indexed(withValue(document, path, undefined), null);
  } else if ((value !== undefined && value !== null) || keepsEmpty) {
    yield indexed(document, null);
  }
}

/** `$unwind`, which leaves the documents that it is given as they are. */
export function unwind(documents: Iterator, argument: unknown): Iterator {
  const unwinding = parse(argument);
  let current: Generator<Fields> | undefined;
  return Lazy(() => {
    for (;;) {
      const step = current?.next();
      if (step !== undefined && step.done !== true) return { value: step.value, done: false };
      const next = documents.next() as { value?: Fields; done?: boolean };
      if (next.done === true || next.value === undefined) return { value: undefined, done: true };
      current = unwound(next.value, unwinding);
    }
  });
}

import { Long } from 'bson';
import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { isObject } from '../query/value-types.ts';
import { valueAt, withValue } from './document-path.ts';
import { inherit, type CompileStage } from './stage.ts';

interface Unwind {
  readonly names: readonly string[];
  readonly indexName: string | undefined;
  readonly keepsEmpty: boolean;
}

function parse(argument: unknown): Unwind {
  if (typeof argument === 'string') return { names: namesOf(argument), indexName: undefined, keepsEmpty: false };
  if (!isObject(argument)) {
    throw new CommandError(
      15981,
      `expected either a string or an object as specification for $unwind stage, got ${typeof argument}`,
    );
  }
  const { path, includeArrayIndex, preserveNullAndEmptyArrays = false, ...others } = argument;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new CommandError(28811, `unrecognized option to $unwind stage: ${unknown}`);
  if (path === undefined) throw new CommandError(28812, 'no path specified to $unwind stage');
  if (typeof path !== 'string')
    throw new CommandError(28808, `expected a string as the path for $unwind stage, got ${typeof path}`);
  if (typeof preserveNullAndEmptyArrays !== 'boolean') {
    throw new CommandError(28809, 'expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage');
  }
  return { names: namesOf(path), indexName: indexNameOf(includeArrayIndex), keepsEmpty: preserveNullAndEmptyArrays };
}

function indexNameOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') {
    throw new CommandError(28810, 'expected a non-empty string for the includeArrayIndex  option to $unwind stage');
  }
  if (value.startsWith('$')) {
    throw new CommandError(
      28822,
      `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${value}`,
    );
  }
  return value;
}

function namesOf(path: string): string[] {
  if (path === '') throw new CommandError(28812, 'no path specified to $unwind stage');
  if (!path.startsWith('$')) {
    throw new CommandError(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  }
  return path.slice(1).split('.');
}

export const unwind: CompileStage = (argument) => {
  const { names, indexName, keepsEmpty } = parse(argument);
  const indexed = (document: Document, index: number | null): Document => {
    if (indexName === undefined) return document;
    return withValue(document, indexName.split('.'), index === null ? null : Long.fromNumber(index));
  };
  return () => ({
    add: (document, emit) => {
      const value = valueAt(document, names);
      if (Array.isArray(value)) {
        value.forEach((element: unknown, index) => {
          emit(inherit(document, indexed(withValue(document, names, element ?? null), index)));
        });
        if (value.length === 0 && keepsEmpty) {
          emit(inherit(document, indexed(withValue(document, names, undefined), null)));
        }
      } else if (keepsEmpty || (value !== undefined && value !== null)) {
        emit(inherit(document, indexed(document, null)));
      }
    },
  });
};

import { CommandError } from '../errors.ts';
import { arrayIndex } from './values.ts';

/** MongoDB refuses longer paths. */
const MAX_PARTS = 255;

/** A path as an update names it, checked. */
export interface UpdatePath {
  readonly dotted: string;
  readonly parts: readonly string[];
}

/** Whether the part is `$[]` or `$[identifier]`. */
export function isArrayFilterPart(part: string): boolean {
  return part.length >= 3 && part.startsWith('$[') && part.endsWith(']');
}

/** The identifier of `$[identifier]`; '' for `$[]`. */
export function filterIdentifier(part: string): string {
  return part.slice(2, -1);
}

/** Whether a path holds `$`, `$[]` or `$[identifier]`. */
export function isDynamic(path: UpdatePath): boolean {
  return path.parts.some((part) => part === '$' || isArrayFilterPart(part));
}

function checkPositional(path: UpdatePath): void {
  const first = path.parts.indexOf('$');
  if (first === -1) return;
  if (path.parts.lastIndexOf('$') !== first) {
    throw new CommandError('BadValue', `Too many positional (i.e. '$') elements found in path '${path.dotted}'`);
  }
  if (first === 0) {
    throw new CommandError(
      'BadValue',
      `Cannot have positional (i.e. '$') element in the first position in path '${path.dotted}'`,
    );
  }
}

/**
 * Reads a dotted path.
 * @throws EmptyFieldName for an empty path or part; BadValue for more than one `$`, or one in front
 */
export function parsePath(dotted: string): UpdatePath {
  if (dotted === '') throw new CommandError('EmptyFieldName', 'An empty update path is not valid.');
  const path = { dotted, parts: dotted.split('.') };
  if (path.parts.includes('')) {
    throw new CommandError(
      'EmptyFieldName',
      `The update path '${dotted}' contains an empty field name, which is not allowed.`,
    );
  }
  if (path.parts.length > MAX_PARTS) {
    throw new CommandError('Overflow', `Field path cannot have more than ${String(MAX_PARTS)} components`);
  }
  checkPositional(path);
  return path;
}

/** The order in which an update visits fields: numbers by value, other names by code. */
export function compareFieldNames(left: string, right: string): number {
  const leftIndex = arrayIndex(left);
  const rightIndex = arrayIndex(right);
  if (leftIndex !== undefined && rightIndex !== undefined) return leftIndex - rightIndex;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Whether one path is the other, or leads to it. */
export function isSameOrPrefix(prefix: UpdatePath, path: UpdatePath): boolean {
  return prefix.parts.length <= path.parts.length && prefix.parts.every((part, index) => part === path.parts[index]);
}

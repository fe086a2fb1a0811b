import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { formatField, formatId, formatValue } from './format.ts';
import type { Compare } from './modifier-options.ts';
import { isDynamic, isSameOrPrefix, parsePath } from './path.ts';
import type { UpdatePath } from './path.ts';
import type { ApplyState, Modifier } from './tree.ts';
import { arrayIndex, getField, isDocument, setOwnField, withoutField } from './values.ts';

const MISSING = Symbol('missing');

function child(container: unknown, part: string): unknown {
  if (Array.isArray(container)) {
    const index = arrayIndex(part);
    return index !== undefined && index < container.length ? (container as unknown[])[index] : MISSING;
  }
  return isDocument(container) && Object.hasOwn(container, part) ? getField(container, part) : MISSING;
}

function blocked(path: UpdatePath, index: number, container: unknown): CommandError {
  const element = formatField(path.parts[index - 1] ?? '', container);
  return new CommandError(
    'PathNotViable',
    `cannot use the part (${path.parts[index - 1] ?? ''} of ${path.dotted}) to traverse the element ({${element}})`,
  );
}

/** The value to move, or MISSING. @throws where the path leads through a scalar or an array */
function sourceValue(root: Document, path: UpdatePath): unknown {
  let current: unknown = root;
  let arrayName: string | undefined;
  for (const [index, part] of path.parts.entries()) {
    if (Array.isArray(current)) arrayName ??= path.parts[index - 1];
    const isTraversable = isDocument(current) || (Array.isArray(current) && arrayIndex(part) !== undefined);
    if (!isTraversable) throw blocked(path, index, current);
    current = child(current, part);
    if (current === MISSING) return MISSING;
  }
  if (arrayName !== undefined) throw throughArray('source', path, root, arrayName);
  return current;
}

function throughArray(end: 'source' | 'destination', path: UpdatePath, root: Document, name: string): CommandError {
  return new CommandError(
    'BadValue',
    `The ${end} field cannot be an array element, '${path.dotted}' in doc with ${formatId(root)} has an array field ` +
      `called '${name}'`,
  );
}

function checkDestination(root: Document, path: UpdatePath): void {
  let current: unknown = root;
  for (const [index, part] of path.parts.entries()) {
    if (Array.isArray(current)) throw throughArray('destination', path, root, path.parts[index - 1] ?? '');
    current = child(current, part);
    if (current === MISSING) return;
  }
}

function checkPaths(from: UpdatePath, to: UpdatePath): void {
  const argument = `${from.dotted}: "${to.dotted}"`;
  if (from.dotted === to.dotted) {
    throw new CommandError('BadValue', `The source and target field for $rename must differ: ${argument}`);
  }
  if (isSameOrPrefix(from, to) || isSameOrPrefix(to, from)) {
    throw new CommandError(
      'BadValue',
      `The source and target field for $rename must not be on the same path: ${argument}`,
    );
  }
  if (isDynamic(from)) {
    throw new CommandError('BadValue', `The source field for $rename may not be dynamic: ${from.dotted}`);
  }
  if (isDynamic(to)) {
    throw new CommandError('BadValue', `The destination field for $rename may not be dynamic: ${to.dotted}`);
  }
}

/** The path that a `$rename` moves to. @throws BadValue where it is not a string or has a null byte */
export function parseDestination(from: UpdatePath, operand: unknown): UpdatePath {
  if (typeof operand !== 'string') {
    throw new CommandError(
      'BadValue',
      `The 'to' field for $rename must be a string: ${from.dotted}: ${formatValue(operand)}`,
    );
  }
  if (operand.includes('\0')) {
    throw new CommandError('BadValue', "The 'to' field for $rename cannot contain an embedded null byte");
  }
  return parsePath(operand);
}

/** Holds the source's place in the tree, so that no other modifier may touch it. */
export const renameSource: Modifier = {
  creates: false,
  ignoresBlockedPath: true,
  update: (existing) => existing,
  create: () => undefined,
};

/** `$rename`, at its destination: sets the source's value there and leaves the source to be removed after the walk. */
export function renameDestination(from: UpdatePath, to: UpdatePath, compare: Compare): Modifier {
  checkPaths(from, to);
  const move = (state: ApplyState): unknown => {
    state.removals.push(from);
    return sourceValue(state.root, from);
  };
  return {
    creates: true,
    isActive: (state) => {
      if (sourceValue(state.root, from) === MISSING) return false;
      checkDestination(state.root, to);
      return true;
    },
    update: (existing, state) => {
      const value = move(state);
      return compare(existing, value) === 0 ? existing : value;
    },
    create: move,
  };
}

/** The document without the field at a path that leads through documents only. @throws ImmutableField for `_id` */
export function removePath(document: Document, path: UpdatePath): Document {
  if (path.parts[0] === '_id') {
    throw new CommandError(
      'ImmutableField',
      `Unsetting the path '${path.dotted}' using $rename would modify the immutable field '_id'`,
    );
  }
  return removeParts(document, path.parts);
}

function removeParts(document: Document, [name = '', ...rest]: readonly string[]): Document {
  if (rest.length === 0) return withoutField(document, name);
  const inner = getField(document, name);
  if (!isDocument(inner)) return document;
  const copy = { ...document };
  setOwnField(copy, name, removeParts(inner, rest));
  return copy;
}

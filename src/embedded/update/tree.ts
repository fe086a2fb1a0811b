import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { compareFieldNames, filterIdentifier, isArrayFilterPart } from './path.ts';
import type { UpdatePath } from './path.ts';

/** What a modifier may look at while it is applied to one document. */
export interface ApplyState {
  /** The document before the update; modifiers report its `_id`. */
  readonly root: Document;
  /** The path walked so far, ending at the value that is being modified. */
  readonly path: string[];
  /** The index of the array element that the query matched, as a field name. */
  readonly positional: string | undefined;
  readonly isInsert: boolean;
  /** Paths to remove when the walk is over: the sources of `$rename`. */
  readonly removals: UpdatePath[];
}

/** What `update` returns to take the field away. */
export const REMOVED = Symbol('removed');

/** One operator on one path, its argument already read. */
export interface Modifier {
  /** Whether a missing path is created; otherwise a missing path is left alone. */
  readonly creates: boolean;
  /** Whether a path through a scalar is passed over in silence. Only for modifiers that create nothing. */
  readonly ignoresBlockedPath?: boolean;
  /** How deep containers nest in the argument, so that a document can't become too deep. */
  readonly depth?: number;
  /** Asked first; false makes it a no-op. */
  readonly isActive?: (state: ApplyState) => boolean;
  /** The new value in the place of an existing one; the same one (===) is a no-op. */
  readonly update: (existing: unknown, state: ApplyState) => unknown;
  /** The value for a path that doesn't exist; called only if `creates`. */
  readonly create: (state: ApplyState) => unknown;
}

export interface LeafNode {
  readonly kind: 'leaf';
  readonly modifier: Modifier;
}

/** Updates of named fields, sorted in the order in which they are applied. */
export interface FieldsNode {
  readonly kind: 'fields';
  readonly children: Map<string, UpdateNode>;
  positional: UpdateNode | undefined;
  /** `children` in order, with `positional` merged in under its index; filled at the first use. */
  readonly ordered: Map<string, readonly (readonly [string, UpdateNode])[]>;
}

/** Updates of all elements of an array (identifier '') or of those that an array filter lets through. */
export interface ElementsNode {
  readonly kind: 'elements';
  readonly children: Map<string, UpdateNode>;
}

export type UpdateNode = LeafNode | FieldsNode | ElementsNode;

/** A node without children. */
export function fieldsNode(): FieldsNode {
  return { kind: 'fields', children: new Map(), positional: undefined, ordered: new Map() };
}

function conflict(path: UpdatePath, length: number): CommandError {
  const at = path.parts.slice(0, length).join('.');
  return new CommandError(
    'ConflictingUpdateOperators',
    `Updating the path '${path.dotted}' would create a conflict at '${at}'`,
  );
}

type Inner = FieldsNode | ElementsNode;

function getChild(node: Inner, part: string): UpdateNode | undefined {
  if (node.kind === 'fields' && part === '$') return node.positional;
  return node.children.get(isArrayFilterPart(part) ? filterIdentifier(part) : part);
}

function setChild(node: Inner, part: string, child: UpdateNode): void {
  if (node.kind === 'fields' && part === '$') node.positional = child;
  else node.children.set(isArrayFilterPart(part) ? filterIdentifier(part) : part, child);
}

/**
 * Adds a modifier at a path.
 * @throws ConflictingUpdateOperators where another modifier is on the same path, before or behind it
 */
export function insertModifier(root: FieldsNode, path: UpdatePath, modifier: Modifier): void {
  let current: Inner = root;
  const last = path.parts.length - 1;
  for (const [index, part] of path.parts.entries()) {
    const existing = getChild(current, part);
    if (index === last) {
      if (existing !== undefined) throw conflict(path, path.parts.length);
      setChild(current, part, { kind: 'leaf', modifier });
      return;
    }
    const kind = isArrayFilterPart(path.parts[index + 1] ?? '') ? 'elements' : 'fields';
    if (existing === undefined) {
      const created: Inner = kind === 'fields' ? fieldsNode() : { kind, children: new Map() };
      setChild(current, part, created);
      current = created;
    } else if (existing.kind === 'leaf' || existing.kind !== kind) {
      throw conflict(path, index + 1);
    } else {
      current = existing;
    }
  }
}

function mergeChildren(left: Inner, right: Inner, path: readonly string[], wrap: (name: string) => string) {
  const merged = new Map(left.children);
  for (const [name, child] of right.children) {
    const other = merged.get(name);
    merged.set(name, other === undefined ? child : mergeNodes(other, child, [...path, wrap(name)]));
  }
  return merged;
}

/**
 * Both sets of updates as one, for an element that is reached in two ways (`a.$` and `a.0`, `a.$[]` and `a.$[x]`).
 * @throws ConflictingUpdateOperators where both modify the same value
 */
export function mergeNodes(left: UpdateNode, right: UpdateNode, path: readonly string[]): UpdateNode {
  if (left.kind === 'fields' && right.kind === 'fields') {
    const merged = fieldsNode();
    for (const [name, child] of mergeChildren(left, right, path, (name) => name)) merged.children.set(name, child);
    merged.positional =
      left.positional !== undefined && right.positional !== undefined
        ? mergeNodes(left.positional, right.positional, [...path, '$'])
        : (left.positional ?? right.positional);
    return merged;
  }
  if (left.kind === 'elements' && right.kind === 'elements') {
    return { kind: 'elements', children: mergeChildren(left, right, path, (name) => `$[${name}]`) };
  }
  throw new CommandError('ConflictingUpdateOperators', `Update created a conflict at '${path.join('.')}'`);
}

/**
 * The children in the order of their application, the positional one under the index that the query matched.
 * @throws BadValue where there is a positional one and the query matched no element
 */
export function orderedChildren(node: FieldsNode, state: ApplyState): readonly (readonly [string, UpdateNode])[] {
  const { positional } = state;
  if (node.positional !== undefined && positional === undefined) {
    throw new CommandError('BadValue', 'The positional operator did not find the match needed from the query.');
  }
  const key = node.positional === undefined ? '' : (positional ?? '');
  const known = node.ordered.get(key);
  if (known !== undefined) return known;
  const children = new Map(node.children);
  if (node.positional !== undefined) {
    const named = children.get(key);
    const merged = named === undefined ? node.positional : mergeNodes(node.positional, named, [...state.path, key]);
    children.set(key, merged);
  }
  const ordered = [...children].sort(([left], [right]) => compareFieldNames(left, right));
  node.ordered.set(key, ordered);
  return ordered;
}

import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import type { ArrayFilters } from './array-filters.ts';
import { formatField } from './format.ts';
import { MAX_DEPTH, tooDeep } from './storage-rules.ts';
import { mergeNodes, orderedChildren, REMOVED } from './tree.ts';
import type { ApplyState, ElementsNode, FieldsNode, LeafNode, UpdateNode } from './tree.ts';
import { arrayIndex, isDocument, setOwnField, withoutField } from './values.ts';

/** What a missing path stays when nothing creates it. */
const ABSENT = Symbol('absent');

/** How many nulls an update may put between the end of an array and a new element. */
const MAX_PADDING = 1_500_000;
const CANNOT_BACKFILL_ARRAY = 34;

type Children = readonly (readonly [string, UpdateNode])[];

/** Applies the nodes of one compiled update to documents, copying only the containers along changed paths. */
export class Walker {
  readonly #filters: ArrayFilters;

  constructor(filters: ArrayFilters) {
    this.#filters = filters;
  }

  /** The document after the update; the same object where nothing changed. */
  walk(root: FieldsNode, document: Document, state: ApplyState): Document {
    return this.#updateFields(root, document, state) as Document;
  }

  #update(node: UpdateNode, existing: unknown, state: ApplyState): unknown {
    if (node.kind === 'leaf') return this.#updateLeaf(node, existing, state);
    return node.kind === 'fields'
      ? this.#updateFields(node, existing, state)
      : this.#updateElements(node, existing, state);
  }

  #updateLeaf({ modifier }: LeafNode, existing: unknown, state: ApplyState): unknown {
    if (modifier.isActive?.(state) === false) return existing;
    const updated = modifier.update(existing, state);
    if (updated !== existing) {
      checkDepth(modifier.depth, state);
      if (state.path[0] === '_id') throw modifiesId(state);
    }
    return updated;
  }

  #updateFields(node: FieldsNode, container: unknown, state: ApplyState): unknown {
    const children = orderedChildren(node, state);
    if (isDocument(container)) return this.#updateNames(children, container, state);
    if (Array.isArray(container)) return this.#updateIndexes(children, container as unknown[], state);
    for (const [name, child] of children) this.#meetBlocked(child, container, [name], state);
    return container;
  }

  #updateNames(children: Children, container: Document, state: ApplyState): Document {
    let copy = container;
    for (const [name, child] of children) {
      const isThere = Object.hasOwn(copy, name);
      const before: unknown = isThere ? copy[name] : ABSENT;
      state.path.push(name);
      const after = isThere ? this.#update(child, before, state) : this.#create(child, state);
      state.path.pop();
      if (after === before) continue;
      if (copy === container) copy = { ...container };
      if (after === REMOVED) copy = withoutField(copy, name);
      else setOwnField(copy, name, after);
      if (!isThere) checkIdUntouched(copy, state);
    }
    return copy;
  }

  #updateIndexes(children: Children, container: unknown[], state: ApplyState): unknown[] {
    let copy = container;
    for (const [name, child] of children) {
      const index = arrayIndex(name);
      if (index === undefined) {
        this.#meetBlocked(child, copy, [name], state);
        continue;
      }
      const before: unknown = index < copy.length ? copy[index] : ABSENT;
      state.path.push(name);
      const after = before === ABSENT ? this.#create(child, state) : this.#update(child, before, state);
      state.path.pop();
      if (after === before) continue;
      if (copy === container) copy = container.slice();
      if (before === ABSENT) padTo(copy, index);
      copy[index] = after === REMOVED ? null : after;
      if (before === ABSENT) checkIdUntouched(copy, state);
    }
    return copy;
  }

  #updateElements(node: ElementsNode, container: unknown, state: ApplyState): unknown {
    if (!Array.isArray(container)) {
      const name = state.path.at(-1) ?? '';
      throw new CommandError(
        'BadValue',
        `Cannot apply array updates to non-array element ${formatField(name, container)}`,
      );
    }
    const elements: readonly unknown[] = container;
    let copy: unknown[] | undefined;
    for (const [index, element] of elements.entries()) {
      state.path.push(String(index));
      const child = this.#elementNode(node, element, state);
      const after = child === undefined ? element : this.#update(child, element, state);
      state.path.pop();
      if (after === element) continue;
      copy ??= elements.slice();
      copy[index] = after === REMOVED ? null : after;
    }
    return copy ?? container;
  }

  /** The updates whose filter the element passes, as one node. */
  #elementNode(node: ElementsNode, element: unknown, state: ApplyState): UpdateNode | undefined {
    let merged: UpdateNode | undefined;
    for (const [identifier, child] of node.children) {
      if (identifier !== '' && !this.#filters.matches(identifier, element)) continue;
      merged = merged === undefined ? child : mergeNodes(merged, child, state.path);
    }
    return merged;
  }

  /** The value that a node creates where its path is missing, or ABSENT. */
  #create(node: UpdateNode, state: ApplyState): unknown {
    if (node.kind === 'elements') throw mustExist(state.path);
    if (node.kind === 'leaf') {
      const { modifier } = node;
      if (modifier.isActive?.(state) === false || !modifier.creates) return ABSENT;
      checkDepth(modifier.depth, state);
      return modifier.create(state);
    }
    let created: Document | undefined;
    for (const [name, child] of orderedChildren(node, state)) {
      state.path.push(name);
      const value = this.#create(child, state);
      state.path.pop();
      if (value === ABSENT) continue;
      created ??= {};
      setOwnField(created, name, value);
    }
    return created ?? ABSENT;
  }

  /** Refuses what can't go through a scalar, or through an array by a name, unless the modifier may pass it over. */
  #meetBlocked(node: UpdateNode, blocking: unknown, rest: readonly string[], state: ApplyState): void {
    if (node.kind === 'elements') throw mustExist([...state.path, ...rest]);
    if (node.kind === 'fields') {
      for (const [name, child] of orderedChildren(node, state)) {
        this.#meetBlocked(child, blocking, [...rest, name], state);
      }
      return;
    }
    const { modifier } = node;
    if (modifier.isActive?.(state) === false || modifier.ignoresBlockedPath === true) return;
    const element = `{${formatField(state.path.at(-1) ?? '', blocking)}}`;
    const part = rest[0] ?? '';
    if (modifier.creates) {
      throw new CommandError('PathNotViable', `Cannot create field '${part}' in element ${element}`);
    }
    const path = [...state.path, ...rest].join('.');
    throw new CommandError(
      'PathNotViable',
      `Cannot use the part (${part}) of (${path}) to traverse the element ${element}`,
    );
  }
}

function padTo(array: unknown[], length: number): void {
  if (length - array.length > MAX_PADDING) {
    throw new CommandError(CANNOT_BACKFILL_ARRAY, `can't backfill more than ${String(MAX_PADDING)} elements`);
  }
  while (array.length < length) array.push(null);
}

function mustExist(path: readonly string[]): CommandError {
  return new CommandError(
    'BadValue',
    `The path '${path.join('.')}' must exist in the document in order to apply array updates.`,
  );
}

function modifiesId(state: ApplyState): CommandError {
  return new CommandError(
    'ImmutableField',
    `Performing an update on the path '${state.path.join('.')}' would modify the immutable field '_id'`,
  );
}

/** Something was created in `container`, whose path is the state's: not allowed inside `_id`. */
function checkIdUntouched(container: unknown, state: ApplyState): void {
  if (state.path[0] !== '_id') return;
  const to = formatField(state.path.at(-1) ?? '', container);
  throw new CommandError(
    'ImmutableField',
    `Updating the path '${state.path.join('.')}' to ${to} would modify the immutable field '_id'`,
  );
}

function checkDepth(depth: number | undefined, state: ApplyState): void {
  if (depth !== undefined && state.path.length + depth > MAX_DEPTH) throw tooDeep();
}

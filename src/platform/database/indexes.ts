import type { Db, IndexDescriptionInfo } from 'mongodb';
import { isDeepStrictEqual } from 'node:util';

export type IndexDirection = -1 | 1 | 'text';

/** An index beside the collection it belongs to. */
export interface IndexDeclaration {
  readonly name: string;
  /** The read or rule it is there for: `OrderReads.listNewest`. An index that serves nothing only costs. */
  readonly serves: string;
  /** Equality, then sort, then range. */
  readonly key: Readonly<Record<string, IndexDirection>>;
  readonly unique?: boolean;
  readonly expireAfterSeconds?: number;
  readonly partialFilterExpression?: Readonly<Record<string, unknown>>;
  readonly collation?: { readonly locale: string; readonly strength?: number };
  readonly weights?: Readonly<Record<string, number>>;
  readonly default_language?: string;
}

/** What of a collection its indexes need. */
export interface IndexedCollection {
  readonly collection: string;
  readonly indexes: readonly IndexDeclaration[];
}

/** An index as the database is told and tells of it. */
export type IndexDefinition = Omit<IndexDeclaration, 'serves'>;

export type IndexChange =
  | { readonly action: 'create'; readonly collection: string; readonly index: IndexDefinition }
  | { readonly action: 'drop'; readonly collection: string; readonly index: IndexDefinition };

export interface IndexPlan {
  /** In the order in which they are carried out. */
  readonly changes: readonly IndexChange[];
  /** Indexes that nobody declares. They are dropped only when asked for: somebody may have added them in need. */
  readonly undeclared: readonly Extract<IndexChange, { action: 'drop' }>[];
  readonly unchanged: number;
}

/** Compares what is declared with what the database has. */
export async function planIndexes(db: Db, collections: readonly IndexedCollection[]): Promise<IndexPlan> {
  const plans = await Promise.all(
    collections.map(async (declared) => planOf(declared, await presentIndexes(db, declared.collection))),
  );
  return {
    changes: plans.flatMap(({ changes }) => changes),
    undeclared: plans.flatMap(({ undeclared }) => undeclared),
    unchanged: plans.reduce((sum, { unchanged }) => sum + unchanged, 0),
  };
}

/** Carries out changes one after the other. Repeatable: what is done already is passed over. */
export async function changeIndexes(
  db: Db,
  changes: readonly IndexChange[],
  onChange: (change: IndexChange) => void = () => undefined,
): Promise<void> {
  for (const change of changes) {
    const collection = db.collection(change.collection);
    const { key, ...options } = change.index;
    if (change.action === 'create') await collection.createIndexes([{ key: { ...key }, ...options }]);
    else await collection.dropIndex(change.index.name).catch(passNotFound);
    onChange(change);
  }
}

/** The changes that undo others, in the order in which that can be done. */
export function reverse(changes: readonly IndexChange[]): IndexChange[] {
  return changes
    .map((change): IndexChange => ({ ...change, action: change.action === 'create' ? 'drop' : 'create' }))
    .toReversed();
}

function planOf({ collection, indexes }: IndexedCollection, present: readonly IndexDefinition[]): IndexPlan {
  const declared = indexes.map(definitionOf);
  const changes: IndexChange[] = [];
  let unchanged = 0;
  for (const index of declared) {
    const existing = present.find(({ name }) => name === index.name);
    if (existing !== undefined && isDeepStrictEqual(ordered(existing), ordered(index))) {
      unchanged += 1;
      continue;
    }
    // One name cannot stand for two definitions, not even for a moment: reads do without it until it is built anew.
    if (existing !== undefined) changes.push({ action: 'drop', collection, index: existing });
    changes.push({ action: 'create', collection, index });
  }
  const names = new Set(declared.map(({ name }) => name));
  const undeclared = present
    .filter(({ name }) => !names.has(name))
    .map((index) => ({ action: 'drop' as const, collection, index }));
  return { changes, undeclared, unchanged };
}

function definitionOf(declaration: IndexDeclaration): IndexDefinition {
  const { serves, ...definition } = declaration;
  if (serves.trim() === '') throw new Error(`The index ${declaration.name} does not say what it serves`);
  return definition;
}

async function presentIndexes(db: Db, collection: string): Promise<IndexDefinition[]> {
  const present = await db.collection(collection).listIndexes().toArray().catch(noneYet);
  return (present as IndexDescriptionInfo[]).filter(({ name }) => name !== '_id_').map(fromDatabase);
}

/** Leaves out what the server adds, so that both sides can be compared. */
function fromDatabase({ name = '', key, weights, ...rest }: IndexDescriptionInfo): IndexDefinition {
  const { unique, expireAfterSeconds, partialFilterExpression, collation } = rest;
  return {
    name,
    key: weights === undefined ? (key as IndexDefinition['key']) : textKey(key, weights),
    ...(unique === true && { unique }),
    ...(expireAfterSeconds !== undefined && { expireAfterSeconds }),
    ...(partialFilterExpression !== undefined && { partialFilterExpression }),
    ...(collation !== undefined && { collation: { locale: collation.locale, strength: collation.strength ?? 3 } }),
    ...(weights !== undefined && textOptions(weights, rest.default_language)),
  };
}

function textOptions(weights: Readonly<Record<string, number>>, language: unknown): Partial<IndexDefinition> {
  return { weights, ...(typeof language === 'string' && { default_language: language }) };
}

/** The server keeps the fields of a text index as weights, with `_fts` and `_ftsx` in their place. */
function textKey(key: object, weights: Readonly<Record<string, number>>): IndexDefinition['key'] {
  const entries = Object.entries(key).flatMap(([field, direction]): [string, IndexDirection][] => {
    if (field === '_ftsx') return [];
    if (field !== '_fts') return [[field, direction as IndexDirection]];
    return Object.keys(weights).map((text) => [text, 'text']);
  });
  return Object.fromEntries(entries);
}

/** With all that was left to its default filled in, and the order of the key's fields, which matters, made visible. */
function ordered({ key, collation, weights, default_language, ...rest }: IndexDefinition): unknown {
  const texts = Object.keys(key).filter((field) => key[field] === 'text');
  const isText = texts.length > 0;
  return {
    ...rest,
    // The server sorts the fields of a text index.
    key: isText
      ? [Object.entries(key).filter(([field]) => !texts.includes(field)), texts.toSorted()]
      : Object.entries(key),
    ...(collation !== undefined && { collation: { locale: collation.locale, strength: collation.strength ?? 3 } }),
    ...(isText && {
      weights: { ...Object.fromEntries(texts.map((field) => [field, 1])), ...weights },
      default_language: default_language ?? 'english',
    }),
  };
}

const NAMESPACE_NOT_FOUND = 26;
const INDEX_NOT_FOUND = 27;

function noneYet(error: unknown): [] {
  if ((error as { code?: unknown }).code === NAMESPACE_NOT_FOUND) return [];
  throw error;
}

function passNotFound(error: unknown): void {
  const { code } = error as { code?: unknown };
  if (code !== INDEX_NOT_FOUND && code !== NAMESPACE_NOT_FOUND) throw error;
}

import type { Document } from '../bson/codec.ts';
import { encodeKey, limitKey, type KeyOptions } from '../bson/keys.ts';
import { indexKeys } from '../bson/paths.ts';
import { parseCollation, type Collation } from '../query/collation.ts';
import { compileMatcher, type Matcher } from '../query/matcher.ts';
import { textFieldsRead, textKeys, type TextOptions } from '../text/text-index.ts';

export interface IndexField {
  readonly path: string;
  readonly direction: 1 | -1;
}

/** An index as `listIndexes` shows it. */
export interface IndexSpec {
  readonly v: number;
  readonly key: Readonly<Record<string, number | string>>;
  readonly name: string;
  readonly unique?: boolean;
  readonly sparse?: boolean;
  readonly hidden?: boolean;
  readonly partialFilterExpression?: Document;
  readonly expireAfterSeconds?: number;
  readonly collation?: Document;
  readonly [option: string]: unknown;
}

/** What is stored of an index. */
export interface IndexRecord {
  readonly tree: number;
  readonly spec: IndexSpec;
  /** Paths at which some document held an array: bounds on them may not be combined, nor the order be relied on. */
  readonly arrayPaths: readonly string[];
  /** Whether some key was too long and is kept as its start and a hash. */
  readonly hasLongKeys: boolean;
}

/** The keys of one document in one index, and what they taught of the index. */
export interface DocumentKeys {
  readonly keys: readonly Buffer[];
  /** The values behind each key, for the message of a duplicate. */
  readonly tuples: readonly (readonly unknown[])[];
  readonly arrayPaths: readonly string[];
  readonly hasLongKeys: boolean;
}

const NO_KEYS: DocumentKeys = { keys: [], tuples: [], arrayPaths: [], hasLongKeys: false };

/** An index of a collection: how its keys are made, and what the planner must know of them. */
export class IndexDefinition {
  readonly tree: number;
  readonly fields: readonly IndexField[];
  readonly paths: readonly string[];
  readonly directions: readonly (1 | -1)[];
  readonly collation: Collation | undefined;
  readonly isText: boolean;
  /** Top-level fields that keys are made of, partial filter included; 'all' where any may be. */
  readonly topLevelFields: ReadonlySet<string> | 'all';
  readonly partial: Matcher | undefined;
  readonly usage = { operations: 0, since: new Date() };
  spec: IndexSpec;
  arrayPaths: ReadonlySet<string>;
  hasLongKeys: boolean;
  readonly #keyOptions: KeyOptions;

  constructor({ tree, spec, arrayPaths, hasLongKeys }: IndexRecord) {
    this.tree = tree;
    this.spec = spec;
    this.arrayPaths = new Set(arrayPaths);
    this.hasLongKeys = hasLongKeys;
    const key = Object.entries(spec.key);
    this.isText = key.some(([, kind]) => kind === 'text');
    this.fields = this.isText ? [] : key.map(([path, kind]) => ({ path, direction: Number(kind) < 0 ? -1 : 1 }));
    this.paths = this.fields.map(({ path }) => path);
    this.directions = this.fields.map(({ direction }) => direction);
    this.collation = spec.collation && parseCollation(spec.collation);
    this.partial = spec.partialFilterExpression && compileMatcher(spec.partialFilterExpression);
    this.topLevelFields = this.#fieldsRead();
    const collation = this.collation;
    this.#keyOptions = collation ? { collate: (text) => collation.fold(text) } : {};
  }

  get name(): string {
    return this.spec.name;
  }

  get isUnique(): boolean {
    return this.spec.unique === true;
  }

  get isSparse(): boolean {
    return this.spec.sparse === true;
  }

  get isHidden(): boolean {
    return this.spec.hidden === true;
  }

  /** The keys under which a document stands in this index; none where the index is sparse or partial and leaves it out. */
  keysOf(document: Document): DocumentKeys {
    if (this.partial !== undefined && !this.partial.test(document)) return NO_KEYS;
    if (this.isText) return this.#textKeys(document);
    const { tuples, arrayPaths, missing } = indexKeys(document, this.paths, this.isSparse);
    if (missing && this.isSparse) return NO_KEYS;
    let hasLongKeys = false;
    const keys = tuples.map((tuple) => {
      const { key, truncated } = limitKey(this.encode(tuple));
      if (truncated) hasLongKeys = true;
      return key;
    });
    // Values that differ may fold to the same key; the keys are a set.
    return { keys: tuples.length > 1 ? distinctKeys(keys) : keys, tuples, arrayPaths, hasLongKeys };
  }

  encode(values: readonly unknown[]): Buffer {
    return encodeKey(values, this.directions, this.#keyOptions);
  }

  /** The key under which these values are stored: shortened where they are long. */
  encodeStored(values: readonly unknown[]): Buffer {
    return limitKey(this.encode(values)).key;
  }

  /** The bytes of one value in ascending order, folded as the index folds. */
  component(value: unknown): Buffer {
    return encodeKey([value], [1], this.#keyOptions);
  }

  toRecord(): IndexRecord {
    return { tree: this.tree, spec: this.spec, arrayPaths: [...this.arrayPaths], hasLongKeys: this.hasLongKeys };
  }

  #textKeys(document: Document): DocumentKeys {
    const tuples = textKeys(document, this.spec as unknown as TextOptions);
    const keys = tuples.map(
      (tuple) =>
        limitKey(
          encodeKey(
            tuple,
            tuple.map(() => 1 as const),
            {},
          ),
        ).key,
    );
    return { keys, tuples, arrayPaths: [], hasLongKeys: false };
  }

  #fieldsRead(): ReadonlySet<string> | 'all' {
    const partial = this.partial?.fields ?? [];
    const own = this.isText
      ? textFieldsRead(this.spec as unknown as TextOptions)
      : this.paths.map((path) => path.split('.', 1)[0] ?? path);
    return own === 'all' || partial === 'all' ? 'all' : new Set([...own, ...partial]);
  }
}

function distinctKeys(keys: readonly Buffer[]): Buffer[] {
  return [...new Map(keys.map((key) => [key.toString('latin1'), key])).values()];
}

import type { Document } from '../bson/codec.ts';
import { parseCollation, type Collation } from '../query/collation.ts';
import { compileMatcher, type Matcher } from '../query/matcher.ts';
import { IndexDefinition, type IndexRecord } from './index-definition.ts';

/** What is stored of a collection. */
export interface CollectionRecord {
  readonly namespace: string;
  readonly uuid: Buffer;
  /** The tree that holds its documents by record id. */
  readonly tree: number;
  /** As `listCollections` shows them: capped, size, max, validator, collation, viewOn… */
  readonly options: Document;
  readonly indexes: readonly IndexRecord[];
}

export interface Validator {
  readonly filter: Document;
  readonly matcher: Matcher;
  readonly level: 'off' | 'moderate' | 'strict';
  readonly action: 'error' | 'warn';
}

/** Number of documents and the sum of their lengths. */
export interface CollectionSize {
  documents: number;
  bytes: number;
}

/** A collection as commands see it: names, options, indexes. Its documents are in its trees. */
export class Collection {
  readonly namespace: string;
  readonly database: string;
  readonly name: string;
  readonly uuid: Buffer;
  readonly tree: number;
  readonly size: CollectionSize = { documents: 0, bytes: 0 };
  options: Document;
  indexes: readonly IndexDefinition[];
  collation: Collation | undefined;
  validator: Validator | undefined;
  /** The next document's record id. */
  nextRecordId = 1;

  constructor(record: CollectionRecord) {
    this.namespace = record.namespace;
    const dot = record.namespace.indexOf('.');
    this.database = record.namespace.slice(0, dot);
    this.name = record.namespace.slice(dot + 1);
    this.uuid = record.uuid;
    this.tree = record.tree;
    this.options = record.options;
    this.indexes = record.indexes.map((index) => new IndexDefinition(index));
    this.applyOptions();
  }

  /** Derives from the options what commands look at; called again when they were changed. */
  applyOptions(): void {
    const { collation, validator, validationLevel, validationAction } = this.options;
    this.collation = collation === undefined ? undefined : parseCollation(collation);
    const filter = validator as Document | undefined;
    this.validator =
      filter === undefined || Object.keys(filter).length === 0
        ? undefined
        : {
            filter,
            matcher: compileMatcher(filter, this.collation ? { collation: this.collation } : {}),
            level: (validationLevel as Validator['level'] | undefined) ?? 'strict',
            action: (validationAction as Validator['action'] | undefined) ?? 'error',
          };
  }

  /** The index on `_id`, which every collection has and keeps. */
  get idIndex(): IndexDefinition {
    const [first] = this.indexes;
    if (first === undefined) throw new Error(`${this.namespace} has lost its index on _id`);
    return first;
  }

  get isCapped(): boolean {
    return this.options.capped === true;
  }

  get isView(): boolean {
    return this.options.viewOn !== undefined;
  }

  toRecord(): CollectionRecord {
    const { namespace, uuid, tree, options } = this;
    return { namespace, uuid, tree, options, indexes: this.indexes.map((index) => index.toRecord()) };
  }
}

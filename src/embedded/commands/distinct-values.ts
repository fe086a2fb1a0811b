import { encode, type Document } from '../bson/codec.ts';
import { encodeKey } from '../bson/keys.ts';
import { valuesAt } from '../bson/paths.ts';
import { CommandError } from '../errors.ts';
import type { Collation } from '../query/collation.ts';

/** Values met so far, each once; told apart as an index would. */
export class DistinctValues {
  readonly list: unknown[] = [];
  readonly #seen = new Set<string>();
  readonly #collate: ((text: string) => string) | undefined;
  #bytes = 0;

  constructor(collation: Collation | undefined) {
    this.#collate = collation && ((text) => collation.fold(text));
  }

  addFrom(document: Document, path: string): void {
    for (const value of valuesAt(document, path)) {
      // Of an array its elements count, which are among the values too.
      if (value !== undefined && !(Array.isArray(value) && isSpread(document, path, value))) this.#add(value);
    }
  }

  #add(value: unknown): void {
    const name = encodeKey([value], [1], this.#collate ? { collate: this.#collate } : {}).toString('latin1');
    if (this.#seen.has(name)) return;
    this.#seen.add(name);
    this.list.push(value);
    this.#bytes += encode({ value }).length;
    if (this.#bytes > 16 * 1_024 * 1_024) throw new CommandError(17217, 'distinct too big, 16mb cap');
  }
}

/** Whether an array stands at the path itself, rather than as an element of one. */
function isSpread(document: Document, path: string, value: readonly unknown[]): boolean {
  const values = valuesAt(document, path);
  return value.length === 0 || value.every((element) => values.includes(element));
}

import { beforeEach, describe, expect, test } from '@jest/globals';
import { encode } from '../bson/codec.ts';
import { Collection } from '../catalog/collection.ts';
import { IndexDefinition } from '../catalog/index-definition.ts';
import type { TextSearch } from '../plan/access.ts';
import type { ScanContext } from '../plan/scan.ts';
import { recordKey } from '../storage/tree-key.ts';
import { EMPTY, type Entry, type Range, type View } from '../storage/view.ts';
import { normalizeTextIndex } from './text-index.ts';
import { searchText } from './text-search.ts';

const DOCUMENTS = 20;
const KEYS = 21;

/** A view over sorted entries in memory. */
class MemoryView implements View {
  readonly #trees = new Map<number, Entry[]>();

  put(tree: number, key: Buffer, value: Buffer): void {
    const entries = this.#trees.get(tree) ?? [];
    entries.push({ key, value });
    entries.sort((left, right) => Buffer.compare(left.key, right.key));
    this.#trees.set(tree, entries);
  }

  get(tree: number, key: Buffer): Buffer | undefined {
    return this.#trees.get(tree)?.find((entry) => entry.key.equals(key))?.value;
  }

  scan(tree: number, { from, to, limit }: Range): Entry[] {
    const entries = this.#trees.get(tree) ?? [];
    return entries.filter(({ key }) => Buffer.compare(key, from) >= 0 && Buffer.compare(key, to) < 0).slice(0, limit);
  }

  count(tree: number, from: Buffer, to: Buffer): number {
    return this.scan(tree, { from, to, reverse: false, limit: Infinity }).length;
  }
}

interface Shelf {
  readonly index: IndexDefinition;
  readonly context: ScanContext;
}

function shelve(key: Record<string, unknown>, documents: readonly Record<string, unknown>[]): Shelf {
  const spec = normalizeTextIndex({ v: 2, key, name: 'search' });
  const index = new IndexDefinition({ tree: KEYS, spec, arrayPaths: [], hasLongKeys: false });
  const view = new MemoryView();
  documents.forEach((document, position) => {
    const record = recordKey(position + 1);
    view.put(DOCUMENTS, record, Buffer.from(encode(document)));
    for (const entry of index.keysOf(document).keys) view.put(KEYS, Buffer.concat([entry, record]), EMPTY);
  });
  const collection = new Collection({
    namespace: 'shop.products',
    uuid: Buffer.alloc(16),
    tree: DOCUMENTS,
    options: {},
    indexes: [],
  });
  return { index, context: { view, collection, counters: { keysExamined: 0, docsExamined: 0 }, searchText } };
}

function search({ index, context }: Shelf, text: TextSearch, prefix?: readonly unknown[]): number[] {
  const plan = { kind: 'text', index, search: text, ...(prefix && { prefix }) } as const;
  return searchText(plan, context).map(({ recordId }) => recordId);
}

describe('searchText over plain text', () => {
  let shelf: Shelf;

  beforeEach(() => {
    shelf = shelve({ title: 'text' }, [
      { _id: 1, title: 'Red running shoes for long runs' },
      { _id: 2, title: 'Shoes' },
      { _id: 3, title: 'Café chairs' },
      { _id: 4, title: 'Blue shoes and a red cafe table' },
      { _id: 5, title: 'Lamp' },
    ]);
  });

  test.each<[string, TextSearch, number[]]>([
    ['one of several terms is enough, and the best come first', { $search: 'shoe lamp' }, [5, 2, 1, 4]],
    ['words are found by their stems', { $search: 'runner runs' }, [1]],
    ['accents do not count', { $search: 'cafe' }, [3, 4]],
    ['accents count where asked for', { $search: 'café', $diacriticSensitive: true }, [3]],
    ['case counts where asked for', { $search: 'Shoes', $caseSensitive: true }, [2]],
    ['negated terms leave documents out', { $search: 'shoes -red' }, [2]],
    ['phrases have to occur', { $search: '"running shoes"' }, [1]],
    ['phrases ignore case and accents', { $search: '"CAFÉ t"' }, [4]],
    ['all phrases have to occur', { $search: '"red" "blue"' }, [4]],
    ['negated phrases leave documents out', { $search: 'shoes -"blue shoes"' }, [2, 1]],
    ['stop words find nothing', { $search: 'and for a' }, []],
    ['negations alone find nothing', { $search: '-red' }, []],
    ['without stems only the very word is found', { $search: 'running', $language: 'none' }, []],
    ['an unknown word finds nothing', { $search: 'zebra' }, []],
  ])('%s', (_, text, expected) => {
    expect(search(shelf, text)).toEqual(expected);
  });

  test('scores are those of the index, added up over the terms', () => {
    const hits = searchText({ kind: 'text', index: shelf.index, search: { $search: 'red shoe' } }, shelf.context);
    // Of five words in the first document, and of five in the fourth, one each.
    expect(hits).toEqual([
      { recordId: 1, score: 1.2 },
      { recordId: 4, score: 1.2 },
      { recordId: 2, score: 1 },
    ]);
  });

  test('keys are counted, and of the documents only those that are read to be refused', () => {
    search(shelf, { $search: 'shoes -red' });
    expect(shelf.context.counters).toEqual({ keysExamined: 3, docsExamined: 2 });
  });

  test('an unknown language is refused', () => {
    expect(() => search(shelf, { $search: 'x', $language: 'klingon' })).toThrow('unsupported language: "klingon"');
  });
});

describe('searchText over an index with fields before the text', () => {
  const shops = ['a', 'b', 'c'];
  const shelf = shelve(
    { shop: 1, title: 'text' },
    shops.flatMap((shop) => [
      { shop, title: 'tea' },
      { shop, title: 'tea pot' },
    ]),
  );

  test('without their values every shop is searched', () => {
    expect(search(shelf, { $search: 'tea' })).toEqual([1, 3, 5, 2, 4, 6]);
  });

  test('with their values only that shop is searched', () => {
    shelf.context.counters.keysExamined = 0;
    expect(search(shelf, { $search: 'tea' }, ['b'])).toEqual([3, 4]);
    expect(shelf.context.counters.keysExamined).toBe(2);
  });
});

describe('searchText over many documents', () => {
  test('all pages of a term are read', () => {
    const shelf = shelve(
      { title: 'text' },
      Array.from({ length: 1_500 }, () => ({ title: 'tea' })),
    );
    expect(search(shelf, { $search: 'tea' })).toHaveLength(1_500);
    expect(shelf.context.counters.keysExamined).toBe(1_500);
  });
});

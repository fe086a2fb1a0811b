import { describe, expect, test } from '@jest/globals';
import { normalizeTextIndex, textFieldsRead, textKeys, type TextIndexSpec } from './text-index.ts';
import { textPrefix } from './text-prefix.ts';

function index(key: Record<string, unknown>, options: Record<string, unknown> = {}): TextIndexSpec {
  return normalizeTextIndex({ v: 2, key, name: 'search', ...options });
}

function scores(document: Record<string, unknown>, spec: TextIndexSpec): Record<string, unknown> {
  return Object.fromEntries(textKeys(document, spec).map((tuple) => tuple.slice(-2))) as Record<string, unknown>;
}

describe('textKeys', () => {
  test('a term scores by its repetitions, its share of the text and the weight, as in MongoDB', () => {
    const spec = index({ title: 'text', body: 'text' }, { weights: { title: 10 } });
    const found = scores({ title: 'coffee', body: 'Coffee shop: coffee and tea' }, spec);
    // In `title` the only word: 10 * 1 * 1; in `body` twice of four: 1 * 1.5 * 0.75.
    expect(found).toEqual({ coffe: 10 + 1.125, shop: 0.625, tea: 0.625 });
  });

  test('a text that is nothing but its term scores a tenth more', () => {
    expect(scores({ a: 'Tea' }, index({ a: 'text' }))).toEqual({ tea: 1.1 });
    expect(scores({ a: 'Café' }, index({ a: 'text' }))).toEqual({ cafe: 1 });
  });

  test('texts are found in embedded documents and arrays, but in nested arrays only by a wildcard', () => {
    const document = { a: { b: ['one', { c: 'two' }, ['three']] }, d: 'four', language: 'none', e: 5 };
    const byPath = index({ 'a.b': 'text', 'a.b.c': 'text' });
    expect(Object.keys(scores(document, byPath))).toEqual(['one', 'two']);
    expect(Object.keys(scores(document, index({ '$**': 'text' })))).toEqual(['one', 'two', 'three', 'four']);
  });

  test('a path that leads through another weighted path takes documents and strings there', () => {
    const spec = index({ a: 'text', 'a.b': 'text' });
    expect(Object.keys(scores({ a: [{ b: 'inner' }, 'outer', { c: 'none' }] }, spec))).toEqual(['inner', 'outer']);
  });

  test('a document and those within it may name their languages', () => {
    const spec = index({ a: 'text', 'parts.a': 'text' }, { default_language: 'none', language_override: 'lang' });
    const document = { a: 'the houses', lang: 'en', parts: [{ a: 'die Häuser', lang: 'de' }, { a: 'the dogs' }] };
    expect(Object.keys(scores(document, spec))).toEqual(['hous', 'haus', 'dog']);
  });

  test.each([
    [5, 17261],
    ['klingon', 17262],
  ])('a language of %j is refused', (language, code) => {
    expect(() => textKeys({ a: 'x', language }, index({ a: 'text' }))).toThrow(expect.objectContaining({ code }));
  });

  test('values of fields before the text lead the key, null where there are none', () => {
    const spec = index({ 'shop.id': 1, colour: 1, a: 'text', price: 1 });
    expect(textKeys({ shop: { id: 7 }, a: 'tea' }, spec)).toEqual([[7, null, 'tea', 1.1]]);
  });

  test.each(['colour', 'price'])('an array in %s beside the text is refused', (name) => {
    const spec = index({ colour: 1, a: 'text', price: 1 });
    expect(() => textKeys({ a: 'tea', [name]: [1] }, spec)).toThrow(
      `Field '${name}' of text index contains an array in document`,
    );
  });

  test('long terms and long values before them are shortened and stay different', () => {
    const spec = index({ shop: 1, a: 'text' });
    const [first = [], second = []] = textKeys(
      { shop: 's'.repeat(5000), a: `${'x'.repeat(300)}1 ${'x'.repeat(300)}2` },
      spec,
    );
    expect(String(first[0])).toHaveLength(40);
    expect(String(first[1])).toHaveLength(256);
    expect(first[1]).not.toBe(second[1]);
  });

  test('version 2 keeps accents', () => {
    expect(Object.keys(scores({ a: 'café' }, index({ a: 'text' }, { textIndexVersion: 2 })))).toEqual(['café']);
  });

  test('a document without text has no keys', () => {
    expect(textKeys({ a: 5, b: null, c: new Date() }, index({ '$**': 'text' }))).toEqual([]);
  });
});

describe('textFieldsRead', () => {
  test('names the first parts of all paths, and all for a wildcard', () => {
    const spec = index({ 'shop.id': 1, 'a.b': 'text', price: 1 }, { language_override: 'lang' });
    expect(textFieldsRead(spec)).toEqual(new Set(['a', 'shop', 'price', 'lang']));
    expect(textFieldsRead(index({ '$**': 'text' }))).toBe('all');
  });
});

describe('textPrefix', () => {
  const spec = index({ shop: 1, colour: 1, a: 'text' });

  test('equalities are found at the top and in $and', () => {
    expect(textPrefix(spec, { shop: 7, $and: [{ x: 1 }, { colour: { $eq: null } }] })).toEqual([7, null]);
    expect(textPrefix(spec, { shop: { a: 1 }, colour: new Date(0) })).toEqual([{ a: 1 }, new Date(0)]);
    expect(textPrefix(index({ a: 'text' }), {})).toEqual([]);
  });

  test.each([[{ shop: 7 }], [{ shop: 7, colour: { $gt: 1 } }], [{ shop: 7, colour: /r/u }]])(
    '%j lacks one',
    (filter) => {
      expect(textPrefix(spec, filter)).toBeUndefined();
    },
  );
});
